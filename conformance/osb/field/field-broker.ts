import type { SpecMinor } from "../../client/spec-version.ts";
import type { Behaviour } from "./broker/behaviour.ts";

/** A public bug report, question or change; or the source of a broker that was seen to do it. */
type Report = {
  /** `owner/name` on GitHub. */
  readonly repository: string;
  /** What it says, in our words. */
  readonly says: string;
} & ({ readonly number: number } | { readonly commit: string });

/**
 * A broker that does one thing as somebody's broker did, as a public report tells. It is right, however unusual, when it breaks no
 * rule: then nothing may fail or warn. Else exactly `fails` and `warns` have to. A fault is one finding for each rule that it breaks;
 * what follows from that finding is none of its own.
 */
export interface FieldBroker {
  readonly id: string;
  /** What it does, as one sentence without a subject. */
  readonly does: string;
  readonly report: Report;
  /** What the specification says of that. */
  readonly rule: string;
  /** The version at which it is judged. Default 2.17. `learnt`: the run gets none. */
  readonly minor?: SpecMinor | "learnt";
  readonly behaviour: Behaviour;
  /** Ids of the checks that have to fail. */
  readonly fails?: readonly string[];
  /** Ids of the checks that have to warn. */
  readonly warns?: readonly string[];
  /** It cannot be rid of all that it made. Default: what a run made is gone after it. */
  readonly leavesBehind?: boolean;
}

/** Whether a field broker breaks no rule. */
export const isRight = ({ fails = [], warns = [] }: FieldBroker): boolean => fails.length + warns.length === 0;
