import type { Transport } from "./http/transport.ts";
import type { Clock } from "./clock.ts";
import type { Gate } from "./gate.ts";
import type { SpecMinor } from "./spec-version.ts";
import type { Target } from "./target.ts";

/** The settings that all clients of one run share. */
export interface ClientSettings {
  readonly target: Target;
  readonly transport: Transport;
  readonly clock: Clock;
  /** The version of the API that the client speaks, sent with each request. */
  readonly minor: SpecMinor;
  /** Makes a globally unique id. */
  readonly newId: () => string;
  /** How long an operation may be in progress if its plan sets no limit, in milliseconds. */
  readonly operationMsMax: number;
  /** First wait between polls, in milliseconds; it grows by half each time up to `pollMsMax`. */
  readonly pollMsMin: number;
  readonly pollMsMax: number;
  /** How long the removal of one thing may take, in milliseconds. */
  readonly cleanupMsMax: number;
  /** The end of the run, in milliseconds since 1970: afterwards only clean-up is sent. Default: never. */
  readonly deadlineMs?: number;
  /** Limits the number of requests in flight. Default: no limit. */
  readonly gate?: Gate;
  readonly signal?: AbortSignal;
}
