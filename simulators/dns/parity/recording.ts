import type { ConsulConfig, Upstream } from "../index.ts";
import type { ProbedServer } from "./probed-servers.ts";

/*
 * The format of the recordings of a real Consul (docs/parity/recordings): one scenario a line, each from a fresh agent with an empty
 * catalog.
 */

/** A real agent, and the requests to it. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly area: string;
  /** Merged over the agent's base configuration. */
  readonly config?: ConsulConfig;
  /** `server`: a real data directory, compact JSON. Default: a development agent. */
  readonly mode?: "dev" | "server";
  /** False: nobody waits for a leader before the first step. */
  readonly leader?: boolean;
  readonly unsynced?: boolean;
  readonly agents?: readonly {
    readonly name: string;
    readonly addr: string;
    readonly mode?: "server" | "client" | "dev";
    readonly config?: ConsulConfig;
  }[];
  readonly upstreams?: readonly Upstream[];
  /** Servers that checks may probe. */
  readonly servers?: readonly ProbedServer[];
  readonly steps: readonly RecordedStep[];
}

/** A request as it was sent. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly body_repeat?: { readonly text: string; readonly count: number };
  /** Whether the reply's body is compared as text. */
  readonly raw_body?: boolean;
  /** The reply is read for this long, then the client hangs up. */
  readonly stream_ms?: number;
  /** The body of a 200 is represented by its size and first bytes. */
  readonly binary?: boolean;
  /** Keeps the body of the reply under a name. */
  readonly keep?: string;
  /** Sends a body that was kept. */
  readonly body_kept?: string;
}

/** A reply as it came, with the headers that matter. */
export interface HttpReplyRecord {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Whether the server closed the connection without an answer. */
  readonly disconnected?: boolean;
}

/** How long an answer took, by class. */
export interface Timing {
  readonly class: "immediate" | "timeout" | "woken" | "held";
  readonly wait_ms?: number;
}

interface Judged {
  readonly mask?: readonly string[];
  readonly capture?: Readonly<Record<string, string>>;
  readonly assert?: readonly (readonly [string, "<" | "=" | ">", string])[];
  readonly timing?: Timing;
}

/** A request and its reply. */
export interface HttpStep extends Judged {
  readonly http: RecordedRequest;
  readonly agent?: string;
  /** Runs in the background under this name. */
  readonly start?: string;
  readonly reply: HttpReplyRecord | null;
}

/** A record as a reader of the message finds it. */
export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: unknown;
}

/** An answer over DNS as a reader of the message finds it. */
export interface DnsReplyRecord {
  readonly rcode: string;
  readonly flags: readonly string[];
  readonly question: readonly string[];
  readonly answer: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  readonly size: number;
  /** The OPT, if there is one. */
  readonly edns?: { readonly udp: number; readonly version?: number; readonly do?: boolean };
}

/** A question over DNS and its answer. */
export interface DnsStep extends Judged {
  readonly dns: {
    readonly transport: "udp" | "tcp";
    readonly question: string;
    readonly query_hex?: string;
    readonly id?: number;
    readonly edns?: { readonly udp: number };
    /** Pieces sent over one connection, 60 ms apart; then the client may close its side. */
    readonly stream_hex?: readonly string[];
    readonly half_close?: boolean;
    readonly timeout_ms?: number;
  };
  readonly agent?: string;
  readonly reply_hex?: string | null;
  readonly reply?: DnsReplyRecord | null;
  readonly replies_hex?: readonly string[];
  readonly closed?: boolean;
  /** Offset and length of what is masked in the bytes. */
  readonly hex_mask?: readonly (readonly [number, number])[];
  readonly candidates?: { readonly answer: readonly DnsRecord[]; readonly additional: readonly DnsRecord[] };
}

/** Something that a client did, or a time that passed. */
export type RecordedStep =
  | HttpStep
  | DnsStep
  | { readonly wait_ms: number }
  | { readonly pending: string }
  | (Judged & { readonly join: string; readonly reply: HttpReplyRecord })
  | { readonly kill: string }
  | { readonly serve: ProbedServer }
  | { readonly reconfigure: Readonly<Record<string, unknown>> };
