import { describe, expect, it } from "vitest";
import type { BindingRow, InstanceRow } from "../store/schema.ts";
import { backupRow } from "../store/testing/rows.ts";
import { type Difference, findDifferences } from "./differences.ts";
import type { Inventory, Records } from "./inventory.ts";

const instance: InstanceRow = {
  id: "a",
  plan_id: "p",
  deployment: "d0000001",
  state: "ready",
  owner: "",
  parameters: "{}",
  context: "{}",
  secrets: "",
  address: "10.0.0.1",
  version: 1,
  created_ms: 1,
  maintenance: "",
};
const OBJECT = "a/k/0000";
const backup = backupRow("k", "a", {
  state: "succeeded",
  parts: JSON.stringify([{ name: OBJECT, bytes: 1, sha256: "" }]),
  size_bytes: 1,
  finished_ms: 2,
});
const binding: BindingRow = {
  id: "b",
  instance_id: "a",
  state: "ready",
  request: "{}",
  username: "u1",
  password: "",
  created_ms: 1,
};
/** One instance of three nodes with one backup, and everything as it should be. */
const RECORDS: Records = {
  instances: [instance],
  bindings: [binding],
  backups: [backup],
  busy: new Set(),
  named: new Set(["d0000001"]),
};
const SOUND: Inventory = {
  deployments: ["d0000001"],
  guarded: new Map([["a", 3]]),
  orphanedDisks: [],
  servers: [{ id: "vm", metadata: { deployment: "d0000001" } }],
  nodes: ["d0000001-pg-0"],
  users: new Map([["a", ["u1"]]]),
  objects: [OBJECT],
};

const find = (inventory: Partial<Inventory>, records: Partial<Records> = {}): readonly string[] =>
  findDifferences({ ...RECORDS, ...records }, { ...SOUND, ...inventory }, () => 3).map(
    ({ kind, subject }: Difference) => `${kind} ${subject}`,
  );

describe("the differences between the records and what exists", () => {
  it("are empty if everything agrees, even without Consul", () => {
    expect(find({})).toEqual([]);
    expect(find({ nodes: undefined })).toEqual([]);
  });

  it.each<[string, Partial<Inventory>, Partial<Records>]>([
    ["ghost-deployment d0000002", { deployments: ["d0000001", "d0000002"] }, {}],
    ["deployment-missing a", { deployments: [], guarded: new Map([["a", 3]]), servers: [] }, {}],
    ["guard-missing a", { guarded: new Map([["a", 2]]) }, {}],
    ["guard-left b", { guarded: new Map([...SOUND.guarded, ["b", 1]]) }, {}],
    ["disk-left disk", { orphanedDisks: [{ cid: "disk", deployment: "d0000001" }] }, {}],
    ["server-stray old", { servers: [{ id: "old", metadata: { deployment: "d0000009" } }] }, {}],
    ["dns-missing a", { nodes: ["d0000002-pg-0"] }, {}],
    ["user-missing a", { users: new Map([["a", []]]) }, {}],
    ["user-left a", {}, { bindings: [] }],
    ["agent-silent a", { users: new Map([["a", undefined]]) }, {}],
    ["objects-missing k", { objects: [] }, {}],
    ["objects-left a/lost", { objects: [OBJECT, "a/lost/0000", "a/lost/0001", "a/log-d0000001-0-1/0000"] }, {}],
    ["objects-left b", { objects: [OBJECT, "b/k/0000", "b/k/0001"] }, {}],
  ])("are found: %s", (expected, inventory, records) => {
    expect(find(inventory, records)).toEqual([expected]);
  });

  it("leave out what an operation is working on", () => {
    const busy = new Set(["a"]);
    const nothing = { deployments: [], guarded: new Map(), servers: [], nodes: [], users: new Map(), objects: [] };
    expect(find(nothing, { busy })).toEqual([]);
    const servers = [{ id: "vm", metadata: { deployment: "d0000001" } }];
    expect(find({ ...nothing, servers }, { busy })).toEqual([]);
  });

  it("do not count an instance that failed, or never existed, as missing", () => {
    const nothing = { deployments: [], guarded: new Map(), servers: [], nodes: [], users: new Map() };
    const failed: Partial<Records> = { instances: [{ ...instance, state: "failed" }], backups: [] };
    expect(find({ ...nothing, objects: [] }, failed)).toEqual([]);
    expect(find(nothing, { instances: [{ ...instance, state: "broken" }] })).toEqual([]);
  });
});
