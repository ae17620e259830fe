import { describe, expect, it } from "vitest";
import type { TestDirector } from "../testing/director.ts";
import { MINUTE_MS, deployGroups, endsOf, isUp } from "../testing/monitor.ts";

describe("a config of type resurrection", () => {
  const upload = (bench: TestDirector, name: string, content: object): void => {
    const body = { type: "resurrection", name, content: JSON.stringify(content) };
    expect(bench.json("POST", "/configs", body).status).toBe(201);
  };

  const rule = (enabled: boolean, include: object, exclude: object = {}): object => ({ enabled, include, exclude });
  const cases: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    ["allows everything without rules", [], ["a", "b"]],
    ["forbids everything with a rule that includes nothing in particular", [rule(false, {})], []],
    ["forbids a group", [rule(false, { instance_groups: ["a"] })], ["b"]],
    ["forbids a deployment", [rule(false, { deployments: ["x"] })], []],
    ["does not apply to another deployment", [rule(false, { deployments: ["y"] })], ["a", "b"]],
    [
      "applies only if both deployment and group match",
      [rule(false, { deployments: ["x"], instance_groups: ["b"] })],
      ["a"],
    ],
    ["does not apply to what it excludes", [rule(false, {}, { instance_groups: ["a"] })], ["a"]],
    ["excludes nothing by empty lists", [rule(false, {}, { deployments: [], instance_groups: [] })], []],
    ["is not overridden by a rule that allows", [rule(true, {}), rule(false, { instance_groups: ["a"] })], ["b"]],
    ["is ignored if it is malformed", [{ enabled: "no" }, { include: {} }], ["a", "b"]],
  ];
  it.each(cases)("%s", async (_what, rules, revived) => {
    const bench = await deployGroups({ a: 1, b: 1 });
    upload(bench, "r", { rules });
    for (const group of ["a", "b"]) bench.deleteVm(bench.instance("x", group));
    bench.pass(6 * MINUTE_MS);
    expect(["a", "b"].filter((group) => isUp(bench, bench.instance("x", group)))).toEqual(revived);
    const isAnyForbidden = revived.length < 2;
    expect(bench.alerts().includes("Resurrection is disabled by resurrection config")).toBe(isAnyForbidden);
  });

  it.each([
    "rules: [",
    "rules: *nosuch",
    "- a",
    "",
    "rules: no",
    "rules: [[], null, {enabled: 1}]",
    // The health monitor permits neither aliases nor symbols.
    "no: &a {}\nrules: [{enabled: no, include: *a}]",
    "rules: [{enabled: no, include: {}, note: :a}]",
  ])("has no rules if it is %j", async (content) => {
    const bench = await deployGroups({ a: 1 });
    const config = { id: 99, type: "resurrection", name: "r", content, createdMs: 0, team: null, deleted: false };
    bench.bosh.state().configs.push(config);
    bench.deleteVm(bench.instance("x", "a"));
    bench.pass(3 * MINUTE_MS);
    expect(isUp(bench, bench.instance("x", "a"))).toBe(true);
  });

  it("is YAML as Ruby reads it: no is false", async () => {
    const bench = await deployGroups({ a: 1 });
    const content = "rules: [{enabled: no, include: {deployments: [x]}}]";
    expect(bench.json("POST", "/configs", { type: "resurrection", name: "r", content }).status).toBe(201);
    bench.deleteVm(bench.instance("x", "a"));
    bench.pass(3 * MINUTE_MS);
    expect(isUp(bench, bench.instance("x", "a"))).toBe(false);
  });

  it("is combined with those of other names", async () => {
    const bench = await deployGroups({ a: 1, b: 1 });
    upload(bench, "r", { rules: [rule(false, { instance_groups: ["a"] })] });
    upload(bench, "s", { rules: [rule(false, { instance_groups: ["b"] })] });
    for (const group of ["a", "b"]) bench.deleteVm(bench.instance("x", group));
    bench.pass(5 * MINUTE_MS);
    expect(endsOf(bench)).toEqual([]);
  });
});
