import type { DirectorSettings } from "./bosh/index.ts";
import type { ConsulVersion } from "./dns/index.ts";
import type { Pace } from "./kernel/index.ts";
import type { CloudProfile } from "./openstack/index.ts";
import type { ProbeOutside } from "./probes.ts";

/** How a world is made. */
export interface WorldOptions {
  /** The seed of ids, durations and faults. Default 1. */
  readonly seed?: number | string;
  /** The key from which passwords, keys and tokens are drawn. Default: the seed, so that whoever knows the seed knows them. */
  readonly secretKey?: string;
  /** `virtual` jumps from event to event (default), `wall` follows the clock of this machine. */
  readonly time?: "virtual" | "wall";
  /**
   * When a world on wall time begins, in ms since the Unix epoch. Its clock stands still until its driver is resumed, so that it can be made again from
   * its inputs. Default: now, and the clock runs.
   */
  readonly startMs?: number;
  /** How long simulated work takes. Default `realistic`. */
  readonly pace?: Pace;
  /** The /16 of loopback that the cloud lives in. Default `127.64`. */
  readonly block?: string;
  /** Lets snapshots be taken with work in flight. Default false. */
  readonly recordInputs?: boolean;
  /** Journal events kept in memory. Default 100,000. */
  readonly journalEventsMax?: number;
  /** See DataServicesOptions. 1 where no real server is behind the instances. */
  readonly scramIterations?: number;
  /** The kind of OpenStack. Default `agents`. */
  readonly profile?: CloudProfile;
  /** See DirectorOptions. */
  readonly analysisMs?: number;
  /** How the director differs from the default one. */
  readonly director?: DirectorSettings;
  /** The names that Consul answers for. */
  readonly consul?: ConsulSettings;
  /** How checks reach what is not part of the world. Default: they find nothing there. */
  readonly outside?: ProbeOutside;
  /** Keys of UAA; with them the director trusts tokens, without them basic credentials. */
  readonly signing?: { readonly privateKey: string; readonly publicKey: string };
}

/** How Consul of a world is set up. */
export interface ConsulSettings {
  /** Default `1.22.0`. */
  readonly version?: ConsulVersion;
  /** TTL of the addresses of nodes, aliases included, as Go writes durations. Default `0s`, which is Consul's. */
  readonly nodeTtl?: string;
  /** TTL of the addresses of services. Default `0s`. */
  readonly serviceTtl?: string;
}
