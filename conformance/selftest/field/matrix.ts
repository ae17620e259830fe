import type { Verdict } from "../../runner/events.ts";
import { certifyFieldBroker } from "./certify-field-broker.ts";
import { FIELD_BROKERS } from "../../osb/field/entries.ts";
import type { FieldBroker } from "../../osb/field/field-broker.ts";

/** A check that fails or warns, or should. */
export interface Finding {
  readonly verdict: "fail" | "warn";
  readonly check: string;
}

/** The suite's verdicts on one field broker, compared with the right ones. */
export interface FieldResult {
  readonly broker: FieldBroker;
  /** Required findings that are made. */
  readonly found: readonly Finding[];
  /** Required findings that are missed, with the verdict instead. */
  readonly missed: readonly (Finding & { readonly said: Verdict; readonly reason: string })[];
  /** Findings that must not be made but are. */
  readonly falsely: readonly (Finding & { readonly reason: string })[];
  /** Checks whose verdict is unknown. */
  readonly undecided: number;
  /** Things that the run created and could not remove. */
  readonly leftBehind: number;
}

const isSame = (a: Finding, b: Finding): boolean => a.verdict === b.verdict && a.check === b.check;

/** The right verdicts on a field broker. */
export function rightFindings({ fails = [], warns = [] }: FieldBroker): readonly Finding[] {
  return [
    ...fails.map((check) => ({ verdict: "fail" as const, check })),
    ...warns.map((check) => ({ verdict: "warn" as const, check })),
  ];
}

/** Judges one field broker. */
async function judgeFieldBroker(broker: FieldBroker): Promise<FieldResult> {
  const { results, counts, leftBehind } = await certifyFieldBroker(broker.behaviour, broker.minor);
  const made = results.flatMap(({ check: { id: check }, verdict, reason = "" }) =>
    verdict === "fail" || verdict === "warn" ? [{ verdict, check, reason }] : [],
  );
  const right = rightFindings(broker);
  const isMade = (finding: Finding) => made.some((other) => isSame(finding, other));
  const verdictOn = (finding: Finding) => results.find(({ check }) => check.id === finding.check);
  return {
    broker,
    found: right.filter(isMade),
    missed: right
      .filter((finding) => !isMade(finding))
      .map((finding) => ({
        ...finding,
        said: verdictOn(finding)?.verdict ?? "unknown",
        reason: verdictOn(finding)?.reason ?? "",
      })),
    falsely: made.filter((finding) => !right.some((other) => isSame(finding, other))),
    undecided: counts.unknown,
    leftBehind: leftBehind.length,
  };
}

/** Judges every field broker, one after the other. */
export async function fieldMatrix(brokers: readonly FieldBroker[] = FIELD_BROKERS): Promise<readonly FieldResult[]> {
  const results: FieldResult[] = [];
  for (const broker of brokers) results.push(await judgeFieldBroker(broker));
  return results;
}

/** How well the suite judges the field brokers. */
export interface FieldScore {
  /** Required findings. */
  readonly expected: number;
  readonly found: number;
  /** Findings that are made. */
  readonly made: number;
  /** The share of the findings made that are true: 0 to 1. */
  readonly precision: number;
  /** The share of the required findings that are made: 0 to 1. */
  readonly recall: number;
}

/** Adds the results up: all findings, or the failures (of a MUST) or the warnings (of a SHOULD) alone. */
export function scoreOf(results: readonly FieldResult[], verdict?: Finding["verdict"]): FieldScore {
  const isCounted = (finding: Finding): boolean => verdict === undefined || finding.verdict === verdict;
  const count = (of: (result: FieldResult) => readonly Finding[]) =>
    results.reduce((sum, result) => sum + of(result).filter(isCounted).length, 0);
  const found = count((result) => result.found);
  const expected = found + count((result) => result.missed);
  const made = found + count((result) => result.falsely);
  return { expected, found, made, precision: found / made, recall: found / expected };
}
