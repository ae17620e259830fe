import type { CachedReply } from "./cache.ts";

/** A health server's report about an instance and the link groups in it. */
export interface InstanceHealth {
  readonly state: string;
  readonly groups: Readonly<Record<string, string>>;
}

/** How often a resolver failed recently. */
interface RecursorHistory {
  /** Of the last 25 requests, the oldest first. */
  readonly failed: boolean[];
}

/** Everything in a BOSH DNS that changes. */
export interface BoshDnsState {
  /** The records file, as it is on the disk. */
  file: string | undefined;
  /** As it was last read. */
  loaded: string | undefined;
  /** The records read earlier, with their times (ms since the Unix epoch); latest last. */
  past: readonly { readonly atMs: number; readonly text: string }[];
  /** The domains that are answered here. */
  domains: string[];
  readonly health: {
    readonly known: Map<string, InstanceHealth>;
    /** When the checks in progress end, ms since the Unix epoch. */
    readonly checks: Map<string, number>;
    /** Recently requested names, the latest last. */
    readonly names: Set<string>;
    /** By address, the names of which it is a member. */
    members: Map<string, Set<string>>;
    isArmed: boolean;
  };
  readonly cache: Map<string, CachedReply>;
  /** By the handler's domain. */
  readonly preferred: Map<string, number>;
  readonly histories: Map<string, RecursorHistory>;
}

/** The state at the start. */
export const newState = (file: string | undefined): BoshDnsState => ({
  file,
  loaded: undefined,
  past: [],
  domains: [],
  health: { known: new Map(), checks: new Map(), names: new Set(), members: new Map(), isArmed: false },
  cache: new Map(),
  preferred: new Map(),
  histories: new Map(),
});
