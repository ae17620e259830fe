import { expect, it } from "vitest";
import type { ArmedRule } from "../../simulators/kernel/faults.ts";
import { CALLS, type Operation, OPERATIONS } from "./calls.ts";
import { ScenarioFixture } from "./fixture.ts";
import { ReferencePlatform } from "./platform/platform.ts";
import { GUARD_LOOKS_MS, settleOperations } from "./settle.ts";
import type { Step } from "./step.ts";
import { Steps } from "./steps.ts";

/** More than any operation passes a point. */
const NEVER = 1_000_000;

const STEPS: Readonly<Record<Operation, Step>> = {
  provision: { do: "provision", tenant: 0, plan: 0, parameters: false },
  bind: { do: "bind", instance: 0 },
  backup: { do: "backup", instance: 0 },
  update: { do: "update", instance: 0, grow: true },
  restore: { do: "restore", backup: 0 },
  unbind: { do: "unbind", binding: 0 },
  repair: { do: "vanish", instance: 0 },
  deprovision: { do: "deprovision", instance: 0 },
};

const callsOf = (operation: Operation): readonly (readonly [string, number])[] =>
  Object.values(CALLS[operation]).flatMap((calls) => calls ?? []);

/** Arms rules that count the occasions at each point of an operation and never act. */
function arm({ world }: ScenarioFixture, operation: Operation): readonly ArmedRule[] {
  const { faults } = world.kernel;
  faults.disarm();
  for (const [point] of callsOf(operation)) {
    const hasReply = faults.points.some((each) => each.point === point && each.effects.includes("reset"));
    faults.arm({ point, skip: NEVER, effect: hasReply ? { kind: "reset" } : { kind: "error", message: "counted" } });
  }
  return faults.rules;
}

it("each operation passes, on a healthy cloud, every fault point that faults are aimed at, as often as the table says", async () => {
  const fixture = await ScenarioFixture.prepare("calls");
  await fixture.begin(1);
  const short: string[] = [];
  await fixture.world.run(async () => {
    const platform = new ReferencePlatform(fixture.world, fixture.broker, await fixture.fetchOffer());
    const steps = new Steps(fixture, platform);
    for (const [operation, step] of Object.entries(STEPS) as [Operation, Step][]) {
      const rules = arm(fixture, operation);
      await steps.perform(step);
      await settleOperations(fixture, platform);
      await fixture.world.driver.sleep(GUARD_LOOKS_MS);
      for (const [point, times] of callsOf(operation)) {
        const seen = rules.find(({ rule }) => rule.point === point)?.seen ?? 0;
        if (seen < times) short.push(`${operation}: ${point} ${seen} times of ${times}`);
      }
    }
  });
  expect(short).toEqual([]);
  expect(Object.keys(STEPS).sort()).toEqual([...OPERATIONS].sort());
});
