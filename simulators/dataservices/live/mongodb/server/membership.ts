import type { Timestamp } from "bson";

/** A server's role in its replica set, as its commands see it. */
export interface Membership {
  readonly isPrimary: boolean;
  /** The addresses of all members. */
  readonly hosts: readonly string[];
  /** The address of the primary; undefined while none is known. */
  readonly primary: string | undefined;
  /** Resolves to true once this many further members have everything up to a time; to false when the wait times out. */
  awaitReplication(time: Timestamp, further: number | "majority", msMax: number): Promise<boolean>;
}

/** The only member of its set. */
export const aloneAt = (address: string): Membership => ({
  isPrimary: true,
  hosts: [address],
  primary: address,
  awaitReplication: async () => true,
});
