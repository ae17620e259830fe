import type { LiveClock, LiveEvent, LivePoint, LiveRule, Row } from "./feed.ts";

/** The actions of a viewer on the clock. `jump` takes ms. */
export type ClockCommand = { readonly do: "pause" | "resume" | "step" } | { readonly do: "jump"; readonly ms: number };

/** Why a command was not carried out. */
export interface Refused {
  readonly code: string;
  readonly message: string;
}

/** A cloud as the live page sees and controls it. Whoever has a cloud provides this; the page knows nothing else about clouds. */
export interface LiveCloud {
  /** Everything that is drawn or listed now. */
  rows(): readonly Row[];
  /** A number that grows with each change of the cloud; while it stays the same, so do `rows` and `brokenLaws`. */
  readonly version: number;
  /** The newest events that are kept, oldest first. */
  events(): readonly LiveEvent[];
  brokenLaws(): readonly string[];
  clock(): LiveClock;
  /** Undefined if it was carried out. */
  steerClock(command: ClockCommand): Refused | undefined;
  points(): readonly LivePoint[];
  rules(): readonly LiveRule[];
  /** Arms a rule, in the form that `POST /_drydock/faults` takes. Undefined if it is armed. */
  arm(rule: unknown): Refused | undefined;
  disarm(id: number): Refused | undefined;
  /** The output of a task as the `bosh` command prints it; undefined if there is no such task. */
  taskOutput(number: number, kind: "event" | "debug" | "cpi" | "result"): string | undefined;
}
