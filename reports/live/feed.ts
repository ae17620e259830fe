/**
 * The messages that a live page receives: JSON, one at a time, over one stream of server-sent events. None of
 * them holds a secret.
 */

/** One state change of the cloud, as its journal has it. */
export interface LiveEvent {
  readonly seq: number;
  /** Time of the cloud, ms since the Unix epoch. */
  readonly time: number;
  readonly source: string;
  readonly kind: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One HTTP request that a service of the cloud answered: neither headers nor bodies nor the query, as these may hold secrets. */
export interface LiveExchange {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Time of the cloud, ms since the Unix epoch, at which it arrived. */
  readonly time: number;
  readonly durationMs: number;
}

/** The health of something on the page. */
export type Health = "ok" | "busy" | "broken" | "off";

interface RowBase {
  /** Unique among all rows, and constant for as long as the thing exists. */
  readonly id: string;
  readonly name: string;
  readonly health: Health;
  /** The thing's own word for its state. */
  readonly state: string;
}

/** A project of OpenStack. */
export interface ProjectRow extends RowBase {
  readonly kind: "project";
}

/** A network of Neutron. */
export interface NetworkRow extends RowBase {
  readonly kind: "network";
  readonly project: string;
  readonly cidrs: readonly string[];
}

/** A security group. */
export interface GroupRow extends RowBase {
  readonly kind: "group";
  readonly project: string;
  /** `in tcp 5432 from 127.64.9.1/32`, one for each rule. */
  readonly rules: readonly string[];
}

/** A deployment of the director. */
export interface DeploymentRow extends RowBase {
  readonly kind: "deployment";
  /** Its purpose, such as `postgresql`; `platform` for the platform's own parts. */
  readonly family: string;
  /** How many VMs it has. */
  readonly vms: number;
}

/** An instance of the director with all that it stands on. */
export interface VmRow extends RowBase {
  readonly kind: "vm";
  readonly deployment: string;
  readonly az: string;
  readonly ip: string;
  /** The Nova server: its id and status; absent if there is none. */
  readonly server?: { readonly id: string; readonly status: string };
  readonly port?: { readonly id: string; readonly status: string; readonly network: string };
  /** Row ids of the security groups of its port. */
  readonly groups: readonly string[];
  readonly volume?: { readonly id: string; readonly status: string; readonly sizeGb: number };
  /** DNS names that resolve to it. */
  readonly names: readonly string[];
  /** `postgresql, primary`. */
  readonly service?: string;
}

/** A service instance, as its broker records it. */
export interface InstanceRow extends RowBase {
  readonly kind: "instance";
  readonly deployment: string;
  readonly broker: string;
}

/** A binding. */
export interface BindingRow extends RowBase {
  readonly kind: "binding";
  readonly instance: string;
  readonly deployment: string;
  readonly username: string;
}

/** A task of the director. */
export interface TaskRow extends RowBase {
  readonly kind: "task";
  readonly number: number;
  readonly deployment: string;
  readonly type: string;
  readonly user: string;
  /** ms since the Unix epoch; absent while it waits. */
  readonly startedMs?: number;
  readonly result: string;
}

/** Something of OpenStack that belongs to no VM of the director. */
export interface StrayRow extends RowBase {
  readonly kind: "stray";
  readonly what: "server" | "port" | "volume";
}

/** Something that the page draws or lists. */
export type Row =
  | ProjectRow
  | NetworkRow
  | GroupRow
  | DeploymentRow
  | VmRow
  | InstanceRow
  | BindingRow
  | TaskRow
  | StrayRow;

/** The clock of a cloud. */
export interface LiveClock {
  /** `wall` runs with this machine's clock, `virtual` jumps from event to event. */
  readonly kind: "wall" | "virtual";
  readonly nowMs: number;
  /** How far it is ahead of this machine's clock, in ms. */
  readonly aheadMs: number;
  readonly isPaused: boolean;
  readonly pace: string;
}

/** A fault point, with what a page needs to arm a rule there. */
export interface LivePoint {
  readonly point: string;
  readonly prose: string;
  readonly effects: readonly string[];
}

/** A rule that is armed. */
export interface LiveRule {
  readonly id: number;
  readonly point: string;
  readonly effect: string;
  /** How often it has acted. */
  readonly acted: number;
}

/** How fast one service has answered: a count for each bucket of durations; the bounds are `LATENCY_BOUNDS_MS`. */
export interface LiveLatency {
  readonly service: string;
  readonly counts: readonly number[];
  readonly errors: number;
  readonly maxMs: number;
}

/** A check of a conformance run, without its evidence. */
export interface LiveCheck {
  readonly id: string;
  readonly suite: string;
  readonly title: string;
  readonly level: string;
  /** `running` until it has a verdict. */
  readonly verdict: string;
  readonly reason: string;
}

/** One message of the stream. */
export type LiveMessage =
  | {
      readonly type: "hello";
      readonly title: string;
      readonly facts: readonly (readonly [name: string, text: string])[];
      readonly hasCloud: boolean;
    }
  | { readonly type: "rows"; readonly put: readonly Row[]; readonly gone: readonly string[]; readonly isFresh: boolean }
  | { readonly type: "events"; readonly events: readonly LiveEvent[] }
  | { readonly type: "exchanges"; readonly exchanges: readonly LiveExchange[] }
  | { readonly type: "laws"; readonly broken: readonly string[] }
  | { readonly type: "clock"; readonly clock: LiveClock }
  | { readonly type: "faults"; readonly rules: readonly LiveRule[] }
  | { readonly type: "latency"; readonly latency: readonly LiveLatency[] }
  | { readonly type: "checks"; readonly checks: readonly LiveCheck[]; readonly headline: string };

/** Upper bounds of the buckets of a latency histogram, in ms: four per doubling; the last bucket has none. */
export const LATENCY_BOUNDS_MS: readonly number[] = Array.from({ length: 68 }, (_, at) => 0.25 * 2 ** (at / 4));
