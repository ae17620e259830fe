import { describe, expect, it } from "vitest";
import { isIdle, markGone, Model, type ModelInstance } from "./model.ts";

function standing(): ModelInstance {
  const instance = new Model().add("i", 0, { plan: 0, maxConnections: null });
  instance.phase = "standing";
  return instance;
}

describe("an instance of the model", () => {
  it("is idle when it stands and nothing is in progress", () => {
    expect(isIdle(standing())).toBe(true);
  });

  it.each([
    ["being created", { phase: "making" }],
    ["orphaned", { phase: "orphaned" }],
    ["being updated", { update: { plan: 1, maxConnections: null } }],
    ["uncertain", { uncertain: true }],
    ["out of order", { usable: false }],
    ["being restored", { restore: { id: undefined } }],
  ] as const)("is not idle while it is %s", (_state, change) => {
    expect(isIdle(Object.assign(standing(), change))).toBe(false);
  });

  it("is not idle while a binding or a backup is being made", () => {
    const model = new Model();
    const instance = model.add("i", 0, { plan: 0, maxConnections: null });
    instance.phase = "standing";
    const binding = model.bind("b", instance);
    expect(isIdle(instance)).toBe(false);
    binding.phase = "standing";
    expect(isIdle(instance)).toBe(true);
    const backup = model.backUp(instance);
    expect(isIdle(instance)).toBe(false);
    backup.phase = "usable";
    expect(isIdle(instance)).toBe(true);
  });

  it("takes its bindings and backups with it when it is gone", () => {
    const model = new Model();
    const instance = model.add("i", 0, { plan: 0, maxConnections: null });
    const binding = model.bind("b", instance);
    const backup = model.backUp(instance);
    Object.assign(instance, { update: { plan: 1, maxConnections: null }, uncertain: true, restore: { id: "r" } });
    markGone(instance);
    expect([instance.phase, binding.phase, backup.phase]).toEqual(["gone", "gone", "gone"]);
    expect(instance).toMatchObject({ update: undefined, restore: undefined, uncertain: false });
  });
});
