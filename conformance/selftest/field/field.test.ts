import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OSB_CHECKS } from "../../osb/checks.ts";
import { FIELD_BROKERS } from "../../osb/field/entries.ts";
import type { FieldBroker } from "../../osb/field/field-broker.ts";
import { KNOWN } from "./known.ts";
import { type FieldResult, fieldMatrix, type Finding, rightFindings } from "./matrix.ts";
import { sliceOf } from "../../../scripts/tests/slice.ts";
import { brokerRow } from "./page.ts";

/** `npm run selftest` judges every one of them, and compares with the page. */
const JUDGED = sliceOf(FIELD_BROKERS, 8);
const PAGE = readFileSync(new URL("../../../docs/conformance/field.md", import.meta.url), "utf8");

let judged: Promise<readonly FieldResult[]> | undefined;

/** Judges all of them when the first is requested. */
function matrix(): Promise<readonly FieldResult[]> {
  judged ??= fieldMatrix(JUDGED);
  return judged;
}

async function resultOf(broker: FieldBroker): Promise<FieldResult> {
  const result = (await matrix()).find((each) => each.broker === broker);
  if (result === undefined) throw new Error(`${broker.id} was not judged`);
  return result;
}

const phrase = (kind: "missed" | "false", { verdict, check }: Finding): string => `${kind} ${verdict} ${check}`;

/** Each disagreement in words; a leftover counts as one. */
const disagreements = ({ broker, missed, falsely, leftBehind }: FieldResult): readonly string[] => [
  ...missed.map((finding) => phrase("missed", finding)),
  ...falsely.map((finding) => phrase("false", finding)),
  ...(leftBehind > 0 && broker.leavesBehind !== true ? ["left behind"] : []),
];

const MINUTES_5 = 300_000;

describe("the field brokers", () => {
  it("number at least 60, each with its own name, a report and a rule", () => {
    expect(FIELD_BROKERS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(FIELD_BROKERS.map(({ id }) => id)).size).toBe(FIELD_BROKERS.length);
    for (const { report, rule } of FIELD_BROKERS) {
      expect(report.repository).toMatch(/^[\w.-]+\/[\w.-]+$/);
      expect(rule).not.toBe("");
    }
  });

  it("expect findings only of existing checks, at their level", () => {
    const levels = new Map(OSB_CHECKS.map(({ id, level }) => [id, level]));
    const wrong = FIELD_BROKERS.flatMap(rightFindings).filter(({ verdict, check }) => {
      const level = levels.get(check);
      return level === undefined || (verdict === "fail" && level !== "MUST");
    });
    expect(wrong).toEqual([]);
  });

  it("have the figures of README.md on their page, which `npm run selftest` keeps true", () => {
    const sentence = /^On \d+ field brokers .+$/m.exec(PAGE)?.[0];
    expect(sentence).toContain(`On ${FIELD_BROKERS.length} field brokers`);
    expect(readFileSync(new URL("../../../README.md", import.meta.url), "utf8")).toContain(sentence);
  });

  it(
    "are judged as their page says",
    async () => {
      for (const result of await matrix()) expect(PAGE).toContain(brokerRow(result));
    },
    MINUTES_5,
  );
});

describe.each(JUDGED)("a broker that $does ($id)", (broker) => {
  it(
    "is accused of its defect, and of nothing else",
    async () => {
      const known = KNOWN[broker.id] ?? [];
      expect(disagreements(await resultOf(broker)).toSorted()).toEqual(known.toSorted());
    },
    MINUTES_5,
  );
});

describe("the known disagreements", () => {
  it("are about existing field brokers", () => {
    expect(Object.keys(KNOWN).filter((id) => !FIELD_BROKERS.some((broker) => broker.id === id))).toEqual([]);
  });
});
