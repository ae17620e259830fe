import { describe, expect, it } from "vitest";
import { drydockHere as drydock } from "./testing/run-here.ts";

interface Matrix {
  readonly checks: readonly { readonly id: string; readonly killers: readonly string[] }[];
  readonly mutants: readonly {
    readonly id: string;
    readonly killedBy: readonly string[];
    readonly expected: readonly string[];
  }[];
}

describe("selftest", () => {
  it("prints the matrix as JSON, the same by rows and columns, and ends with 0 when it is sound", async () => {
    const only = ["--only", "IS-04,IS-13,IS-25"];
    const { code, stdout, stderr } = await drydock(["selftest", "--suite", "isolation", ...only, "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const { checks, mutants } = JSON.parse(stdout) as Matrix;
    expect(checks.map(({ id }) => id)).toEqual(["IS-04", "IS-13", "IS-25"]);
    for (const { id, killers } of checks) {
      expect(killers).not.toEqual([]);
      expect(killers).toEqual(mutants.filter(({ killedBy }) => killedBy.includes(id)).map((mutant) => mutant.id));
    }
    for (const { expected, killedBy } of mutants) expect(killedBy).toEqual(expect.arrayContaining([...expected]));
  });

  it("lists the suites when asked for an unknown one", async () => {
    const { code, stderr } = await drydock(["selftest", "--suite", "everything"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/osb, backup, isolation/);
  });

  it("proves one check alone, by one mutant", async () => {
    const { code, stdout } = await drydock([
      "selftest",
      "--only",
      "bind-conflict-409",
      "--mutant",
      "not-bind-conflict-409",
    ]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/bind-conflict-409 +not-bind-conflict-409\n/)]);
    expect(stdout).toMatch(/osb: 1 of 1 checks kill a mutant \(100 %\); 1 mutants; \d+ clean runs; 0 problems/);
  });

  it("suggests similar names if a check or mutant does not exist", async () => {
    const { code, stderr } = await drydock(["selftest", "--mutant", "not-bind-conflict-408"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no such check or mutant: --mutant not-bind-conflict-408; nearest: .*not-bind-conflict-409/);
  });
});
