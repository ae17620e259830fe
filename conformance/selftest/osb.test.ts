import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { OSB_CHECKS } from "../osb/checks.ts";
import { CLAUSES } from "../osb/clauses.ts";
import { listClauses } from "../osb/listing.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import { osbMutantSet } from "./osb-mutant-set.ts";
import { sliceOf } from "../../scripts/tests/slice.ts";
import { clausePage } from "./pages.ts";

/** Some hundred short runs of the suite; 400 in a whole run. */
const RUNS_MS_MAX = 240_000;
const mutantSet = osbMutantSet(OSB_MUTANTS);

/** The checks that should notice a mutant and do not. */
async function missedBy(id: string, expected: readonly string[], only?: readonly string[]): Promise<readonly string[]> {
  const results = await mutantSet.run(id, only);
  const noticing = results
    .filter(({ verdict }) => verdict === "fail" || verdict === "warn")
    .map(({ check }) => check.id);
  return expected.filter((check) => !noticing.includes(check));
}

const pageOf = (name: string): string =>
  readFileSync(new URL(`../../docs/conformance/${name}`, import.meta.url), "utf8");

describe("the OSB suite", () => {
  it("has a check for each clause, or a reason for having none", () => {
    const bare = listClauses().filter(({ checks, reason }) => checks.length === 0 && (reason ?? "") === "");
    expect(bare).toEqual([]);
    expect(listClauses().map(({ id }) => id)).toEqual(CLAUSES.map(({ id }) => id));
  });

  it("has checks and mutants with unique ids", () => {
    const ids = [...OSB_CHECKS, ...OSB_MUTANTS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is described by a page that is not stale (npm run docs)", () => {
    expect(pageOf("osb.md")).toBe(clausePage());
  });

  it("is named check by check and mutant by mutant in the kill matrix (npm run docs)", () => {
    const page = pageOf("kill-matrix.md");
    const lines = [...OSB_CHECKS, ...OSB_MUTANTS].map(({ id }) => `| \`${id}\` |`);
    expect(lines.filter((line) => !page.includes(line))).toEqual([]);
  });

  // `npm run selftest` runs all of them against the whole suite, and finds out who else notices; likewise
  // with the clean brokers below.
  it(
    "notices each planted defect where it has to",
    async () => {
      for (const { id, expected } of sliceOf(OSB_MUTANTS, 4)) {
        const missed = await missedBy(id, expected, expected);
        // Some checks judge the requests of others, so they need the whole suite.
        expect([id, missed.length > 0 ? await missedBy(id, expected) : []]).toEqual([id, []]);
      }
    },
    RUNS_MS_MAX,
  );

  it.each(sliceOf(mutantSet.cleanRuns ?? [], 3))("accuses no clean broker: $name", async ({ run }) => {
    const accused = (await run()).filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable");
    expect(accused).toEqual([]);
  });
});
