import type { HttpReply, HttpRequest, Kernel, Random, Service } from "../kernel/index.ts";
import type { Pool } from "./pool.ts";

/** A request that a real client sent, which says what a route takes. Names in `{{…}}` are to be filled in. */
export interface Sample {
  readonly method: string;
  /** As the service is asked for it, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A value to send as JSON, or a text. */
  readonly body: unknown;
}

/** One API in a world of its own or of several, with things in it that requests can name. */
export interface Target {
  readonly name: string;
  readonly kernel: Kernel;
  readonly service: Service;
  readonly samples: readonly Sample[];
  readonly pool: Pool;
  /** Values that `{{name}}` of samples stands for. */
  readonly variables: ReadonlyMap<string, unknown>;
  /** Where a route is asked for; the default is its own template. */
  readonly pathOf?: (template: string) => string;
  readonly origin: string;
  /** Headers of one of those who may call. */
  readonly caller: (random: Random) => Readonly<Record<string, string>>;
  /** Are these the credentials of somebody who may call, untouched? */
  readonly isKnown?: (request: HttpRequest) => boolean;
  /** Puts the world back to how it was: to begin with, and when those who may call are locked out. */
  readonly renew?: () => void;
  /** Answers of 500 that the real service gives too; names the source. */
  readonly realFailures: readonly RealFailure[];
  /** The share of requests that must reach a handler and meet what they name: neither 401, 404, 405 nor 501. */
  readonly reachMin: number;
}

/** A 500 that is no defect. */
export interface RealFailure {
  readonly fits: (request: HttpRequest, reply: HttpReply) => boolean;
  /** Its body is empty. */
  readonly isEmpty?: boolean;
  /** Where it is known from. */
  readonly source: string;
}

/** A route of a target's API. */
export type AttackedRoute = Target["service"]["routes"][number];
