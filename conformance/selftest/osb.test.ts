import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { listClauses } from "../osb/listing.ts";
import { OSB_CHECKS } from "../osb/suite.ts";
import { OSB_MUTANTS } from "../osb/mutants/index.ts";
import { osbLab } from "./osb-lab.ts";
import { clausePage, matrixOf } from "./pages.ts";
import { selftest } from "./selftest.ts";

/** The whole matrix, some 400 runs of the suite. */
const MATRIX_MS_MAX = 240_000;

const pageOf = (name: string): string =>
  readFileSync(new URL(`../../docs/conformance/${name}`, import.meta.url), "utf8");

describe("the OSB suite", () => {
  it("has a check for each clause, or says why not", () => {
    const bare = listClauses().filter(({ checks, reason }) => checks.length === 0 && (reason ?? "") === "");
    expect(bare).toEqual([]);
    expect(listClauses().filter(({ checks }) => checks.length === 0)).toHaveLength(8);
    expect(listClauses()).toHaveLength(366);
  });

  it("has checks and mutants whose ids are theirs alone", () => {
    const ids = [...OSB_CHECKS, ...OSB_MUTANTS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("is described by a page that is not stale (npm run docs)", () => {
    expect(pageOf("osb.md")).toBe(clausePage());
  });

  it(
    "notices each planted defect, where it has to and nowhere else; its page is not stale (npm run docs)",
    async () => {
      const lab = osbLab(OSB_MUTANTS);
      const result = await selftest(lab);
      expect(result.problems.map(({ text }) => text)).toEqual([]);
      expect(pageOf("kill-matrix.md")).toContain(matrixOf({ lab, result }));
    },
    MATRIX_MS_MAX,
  );
});
