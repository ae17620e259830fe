/** A flavor. It is never changed in place: a change makes a new one, and servers keep the flavor with which they were made. */
export interface Flavor {
  readonly id: string;
  readonly name: string;
  readonly ram: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly ephemeral: number;
  readonly swap: number;
  readonly rxtx: number;
  readonly isPublic: boolean;
  readonly isDisabled: boolean;
  readonly description: string | null;
  readonly extraSpecs: Readonly<Record<string, string>>;
  readonly createdMs: number;
  /** Counts flavors, for the order of lists. */
  readonly seq: number;
}
