import type { Upstream } from "../index.ts";
import type { BoshDnsConfig, InstanceJob } from "../bosh/index.ts";
import type { BoshDnsHandler } from "../bosh/handler-files.ts";
import type { ProbedServer } from "./probed-servers.ts";
import type { DnsStep, Timing } from "./recording.ts";

/** The report of an instance's health server. */
export type SaidHealth =
  | string
  | {
      readonly state?: string;
      readonly group_state?: Readonly<Record<string, string>>;
      readonly delay_ms?: number;
      readonly status?: number;
      readonly raw?: string;
    };

/** A request to the API, or to the health server. */
export interface BoshHttpStep {
  readonly http: {
    readonly method: string;
    readonly path: string;
    readonly api?: "dns" | "health";
    readonly cert?: string;
  };
  readonly reply: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly body_lines?: readonly unknown[];
    readonly disconnected?: boolean;
  };
  readonly mask?: readonly string[];
  readonly timing?: Timing;
}

/** A resolver that changes; `down`: nothing listens. */
export type ChangedUpstream = Partial<Upstream> & { readonly listen: string; readonly down?: boolean };

/** Something that a client did, or that happened on the machine. */
export type BoshStep =
  | (DnsStep & { readonly dns: { readonly server?: string } })
  | BoshHttpStep
  | { readonly records: unknown }
  | { readonly health: Readonly<Record<string, SaidHealth>> }
  | { readonly health_file: unknown }
  | { readonly upstream: ChangedUpstream }
  | { readonly serve: ProbedServer }
  | { readonly wait_ms: number };

/** A machine with BOSH DNS, and what was done to it. */
export interface BoshScenario {
  readonly id: string;
  readonly area: string;
  readonly title?: string;
  readonly config?: BoshDnsConfig;
  readonly records?: unknown;
  readonly aliases?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly handlers?: readonly (readonly BoshDnsHandler[])[];
  readonly addresses?: readonly { readonly address: string; readonly port: number }[];
  readonly jobs?: Readonly<Record<string, InstanceJob>>;
  readonly health?: Readonly<Record<string, SaidHealth>>;
  readonly health_server?: { readonly file?: unknown };
  readonly upstreams?: readonly ChangedUpstream[];
  readonly servers?: readonly ProbedServer[];
  readonly steps: readonly BoshStep[];
}
