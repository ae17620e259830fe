import { expect, it } from "vitest";
import { createWorld } from "../../simulators/world.ts";
import { BROKER_ROUTES, CPI_CALLS } from "../reference/fault-points.ts";
import { planArbitrary } from "./plan.ts";
import { describePlan } from "./play.ts";
import { planOf } from "../seeds.ts";

it("a seed draws the same plan as in the previous release", () => {
  for (const seed of [1, 2, 3]) expect(describePlan(planOf(planArbitrary, seed)), `seed ${seed}`).toMatchSnapshot();
});

it("every fault point that a plan may break exists", () => {
  const { faults } = createWorld().kernel;
  for (const point of BROKER_ROUTES) faults.arm({ point, effect: { kind: "lost-reply" } });
  for (const point of [...CPI_CALLS, "director:task", "director:job"])
    faults.arm({ point, effect: { kind: "error", message: "planted" } });
  expect(faults.rules).toHaveLength(BROKER_ROUTES.length + CPI_CALLS.length + 2);
});
