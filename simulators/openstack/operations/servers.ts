/** Nova's operations for the other services. */
export interface ServerOps {
  /** Anybody's live server. */
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
  /** Called by Neutron when a port of a server is gone; does nothing if Nova knows no such port. */
  forgetPort(serverId: string, portId: string): void;
}
