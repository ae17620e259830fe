import type { SpecMinor } from "../../client/spec-version.ts";
import type { Behaviour } from "./broker/behaviour.ts";

/** A public bug report, question or change; or the source of a broker that does it. */
type Report = {
  /** `owner/name` on GitHub. */
  readonly repository: string;
  /** What it says, in our words. */
  readonly says: string;
} & ({ readonly number: number } | { readonly commit: string });

/**
 * A broker that does one thing as somebody's broker did, according to a public report. It is right, however unusual, if it breaks no rule: then
 * nothing may fail or warn. Otherwise exactly `fails` and `warns` must. A fault is one finding for each rule that it breaks; what follows from that
 * finding is not a finding of its own.
 */
export interface FieldBroker {
  readonly id: string;
  /** What it does, as one sentence without a subject. */
  readonly does: string;
  readonly report: Report;
  /** What the specification says about that. */
  readonly rule: string;
  /** The version against which it is judged. Default: 2.17. `learnt`: the run is given none. */
  readonly minor?: SpecMinor | "learnt";
  readonly behaviour: Behaviour;
  /** Ids of the checks that have to fail. */
  readonly fails?: readonly string[];
  /** Ids of the checks that have to warn. */
  readonly warns?: readonly string[];
  /** What a run created can't all be removed. Default: nothing is left after the run. */
  readonly leavesBehind?: boolean;
}

/** Whether a field broker breaks no rule. */
export const isRight = ({ fails = [], warns = [] }: FieldBroker): boolean => fails.length + warns.length === 0;
