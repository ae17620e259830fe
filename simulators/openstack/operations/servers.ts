/** What Nova does for its neighbours. */
export interface ServerOps {
  /** A live server, whoever's. */
  server(serverId: string):
    | {
        readonly id: string;
        readonly projectId: string;
        readonly name: string;
        readonly zone: string;
        readonly host: string;
        /** ACTIVE, SHUTOFF … */
        readonly status: string;
      }
    | undefined;
  /** Whether a live server was booted from this image. */
  usesImage(imageId: string): boolean;
  /** Neutron tells that a port of a server is no more; nothing happens when Nova knows of none. */
  forgetPort(serverId: string, portId: string): void;
}
