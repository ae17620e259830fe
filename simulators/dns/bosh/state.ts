import type { CachedReply } from "./cache.ts";

/** What a health server says of an instance and of the link groups in it. */
export interface InstanceHealth {
  readonly state: string;
  readonly groups: Readonly<Record<string, string>>;
}

/** How often a resolver failed of late. */
interface RecursorHistory {
  /** Of the last 25 requests, the oldest first. */
  readonly failed: boolean[];
}

/** Everything in a BOSH DNS that changes. */
export interface BoshDnsState {
  /** The records file as it is on the disk. */
  file: string | undefined;
  /** As it was read last. */
  loaded: string | undefined;
  /** What was read before that and when, ms since the Unix epoch; the latest last. */
  past: readonly { readonly atMs: number; readonly text: string }[];
  /** The domains that are answered here. */
  domains: string[];
  readonly health: {
    readonly known: Map<string, InstanceHealth>;
    /** When the checks in progress end, ms since the Unix epoch. */
    readonly checks: Map<string, number>;
    /** Names asked for lately, the latest last. */
    readonly names: Set<string>;
    /** By address, the names whose members they are. */
    members: Map<string, Set<string>>;
    isArmed: boolean;
  };
  readonly cache: Map<string, CachedReply>;
  /** By the handler's domain. */
  readonly preferred: Map<string, number>;
  readonly histories: Map<string, RecursorHistory>;
}

/** As it is when it starts. */
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
