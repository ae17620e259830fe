import { describe, expect, it } from "vitest";
import { Kernel } from "./kernel.ts";

function armed(): Kernel {
  const kernel = new Kernel({ seed: 3 });
  kernel.faults.define({
    point: "nova:POST /servers",
    effects: ["reply", "reset"],
    prose: "The request fails.",
    attributes: { path: { prose: "the path", template: "/:kind" } },
  });
  kernel.faults.define({ point: "cpi:create_vm", effects: ["error"], prose: "The call fails." });
  return kernel;
}

describe("faults", () => {
  it("act by count, after the skipped occasions, on matching attributes", () => {
    const kernel = armed();
    kernel.faults.arm({ point: "nova:*", match: { path: "/servers*" }, skip: 1, count: 2, effect: { kind: "reset" } });
    const acts = [1, 2, 3, 4].map(() => kernel.faults.at("nova:POST /servers", { path: "/servers" })?.kind);
    expect(acts).toEqual([undefined, "reset", "reset", undefined]);
    expect(kernel.faults.at("nova:POST /servers", { path: "/other" })).toBeUndefined();
  });

  it("draw their probability from the seed", () => {
    const draws = (): boolean[] => {
      const kernel = armed();
      kernel.faults.arm({
        point: "cpi:create_vm",
        count: null,
        probability: 0.5,
        effect: { kind: "error", message: "no" },
      });
      return Array.from({ length: 40 }, () => kernel.faults.at("cpi:create_vm") !== undefined);
    };
    expect(draws()).toEqual(draws());
    expect(new Set(draws()).size).toBe(2);
  });

  it("refuse an unknown point and an effect that the point does not know", () => {
    const kernel = armed();
    expect(() => kernel.faults.arm({ point: "nowhere", effect: { kind: "reset" } })).toThrow("FAULT_UNKNOWN_POINT");
    expect(() => kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "reset" } })).toThrow(
      "FAULT_WRONG_EFFECT",
    );
  });

  it("are gone when disarmed", () => {
    const kernel = armed();
    const id = kernel.faults.arm({ point: "cpi:create_vm", count: null, effect: { kind: "error", message: "no" } });
    kernel.faults.disarm(id);
    expect(kernel.faults.at("cpi:create_vm")).toBeUndefined();
  });
});
