import type { LiveClock, LiveEvent, LivePoint, LiveRule, Row } from "./feed.ts";

/** What a viewer may do to the clock. `jump` takes ms. */
export type ClockCommand = { readonly do: "pause" | "resume" | "step" } | { readonly do: "jump"; readonly ms: number };

/** Why a command was not carried out. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** A cloud as the live page sees and steers it. Whoever has one makes this of it; the page knows nothing else of clouds. */
export interface LiveCloud {
  /** Everything that is drawn or listed, at this moment. */
  rows(): readonly Row[];
  /** A number that grows with each change of the cloud: as long as it stays, so do `rows` and `brokenLaws`. */
  readonly version: number;
  /** The newest events that are kept, oldest first. */
  events(): readonly LiveEvent[];
  brokenLaws(): readonly string[];
  clock(): LiveClock;
  /** Undefined: it has been done. */
  steerClock(command: ClockCommand): Refused | undefined;
  points(): readonly LivePoint[];
  rules(): readonly LiveRule[];
  /** Arms a rule as `POST /_drydock/faults` takes it. Undefined: it is armed. */
  arm(rule: unknown): Refused | undefined;
  disarm(id: number): Refused | undefined;
  /** The output of a task as the director's command line prints it; undefined for a task that there is not. */
  taskOutput(number: number, kind: "event" | "debug" | "cpi" | "result"): string | undefined;
}
