import type { HttpReply, HttpRequest, Kernel, Random, Service } from "../kernel/index.ts";
import type { Pool } from "./pool.ts";

/** A request that a real client sent, which shows what a route takes. Names in `{{…}}` are to be filled in. */
export interface Sample {
  readonly method: string;
  /** The path as requested of the service, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A value to send as JSON, or a text. */
  readonly body: unknown;
}

/** One API, in a world of its own or a shared one, with resources that requests can name. */
export interface Target {
  readonly name: string;
  readonly kernel: Kernel;
  readonly service: Service;
  readonly samples: readonly Sample[];
  readonly pool: Pool;
  /** The values of `{{name}}` in samples. */
  readonly variables: ReadonlyMap<string, unknown>;
  /** The path at which a route is requested. Default: its own template. */
  readonly pathOf?: (template: string) => string;
  readonly origin: string;
  /** Headers of one of the callers. */
  readonly caller: (random: Random) => Readonly<Record<string, string>>;
  /** Whether these are the intact credentials of a caller. */
  readonly isKnown?: (request: HttpRequest) => boolean;
  /** Restores the world; called at the beginning, and whenever its callers are locked out. */
  readonly renew?: () => void;
  /** Answers of 500 that the real service gives too, each with its source. */
  readonly realFailures: readonly RealFailure[];
  /** The share of requests that must reach a handler and find what they name: neither 401, 404, 405 nor 501. */
  readonly reachMin: number;
}

/** A 500 that is not a defect. */
export interface RealFailure {
  readonly fits: (request: HttpRequest, reply: HttpReply) => boolean;
  /** Whether its body is empty. */
  readonly isEmpty?: boolean;
  /** Its source. */
  readonly source: string;
}

/** A route of a target's API. */
export type AttackedRoute = Target["service"]["routes"][number];
