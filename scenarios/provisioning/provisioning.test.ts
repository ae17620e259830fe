import { beforeAll, describe, expect, it } from "vitest";
import type { PreparedScenario } from "../scenario.ts";
import { ScenarioFixture } from "./fixture.ts";
import type { Plan, PlannedFault, Step } from "./plan.ts";
import { playPlan } from "./play.ts";
import { REGRESSIONS } from "./regressions.ts";
import { provisioning } from "./scenario.ts";

const BUG = "leak-volume-after-failed-deploy";
const SEEDS_MAX = 50;

describe("a seed", () => {
  it("holds, and has one digest whatever ran before it", async () => {
    const rehearsed = await provisioning.prepare({});
    const first = await rehearsed.run(7);
    expect(first.reason).toBeUndefined();
    for (const seed of [1, 2, 3, 4, 5]) expect(await rehearsed.run(seed)).toMatchObject({ seed, verdict: "pass" });
    expect(await rehearsed.run(7)).toEqual(first);
    expect((await (await provisioning.prepare({})).run(7)).digest).toBe(first.digest);
  }, 300_000);
});

describe("a seed that failed once", () => {
  let rehearsed: PreparedScenario;
  beforeAll(async () => {
    rehearsed = await provisioning.prepare({});
  }, 120_000);
  it.each(REGRESSIONS)(
    "holds: $seed, $cause",
    async ({ seed }) => {
      expect(await rehearsed.replay(seed)).toMatchObject({ seed, verdict: "pass" });
    },
    120_000,
  );
});

async function firstFailure(rehearsed: PreparedScenario): Promise<Awaited<ReturnType<PreparedScenario["run"]>>> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const result = await rehearsed.run(seed);
    if (result.verdict !== "pass") return result;
  }
  throw new Error(`nothing found within ${SEEDS_MAX} seeds`);
}

/** The canary: were nothing found here, silence elsewhere would say nothing. */
describe("a broker that forgets a volume", () => {
  it("is found, shrunk to a few steps, and replayed", async () => {
    const rehearsed = await provisioning.prepare({ plantedBug: BUG });
    const { seed, verdict, reason, counterexample } = await firstFailure(rehearsed);
    expect({ verdict, reason }).toMatchObject({
      verdict: "fail",
      reason: expect.stringMatching(/^the disk .* is left/),
    });
    expect(counterexample?.steps.length).toBeLessThanOrEqual(4);
    expect(counterexample?.steps.some((step) => step.startsWith("provision"))).toBe(true);
    const again = await rehearsed.replay(seed, counterexample?.path);
    expect(again).toMatchObject({ verdict: "fail", reason, counterexample });
    const sound = await (await provisioning.prepare({})).replay(seed, counterexample?.path);
    expect(sound.verdict).toBe("pass");
  }, 300_000);
});

const plan = (steps: readonly Step[], faults: readonly PlannedFault[] = []): Plan => ({
  standing: [{ tenant: 0, plan: 0 }],
  steps,
  kinds: faults.map(({ kind }) => kind),
  faults,
});
const pass = (minutes: number): Step => ({ do: "pass", ms: minutes * 60_000 });
const lost = (point: string, count: number): PlannedFault => ({
  kind: "lost-reply",
  rule: { point, count, effect: { kind: "lost-reply" } },
});

/** Each of these was broken once. What must have happened, so that the case is one, is told by the journal. */
describe("what stands", () => {
  const cases: Readonly<Record<string, { readonly plan: Plan; readonly happens: string }>> = {
    "keeps its data on a larger disk": {
      happens: "disk.copy",
      plan: plan([{ do: "update", instance: 0, grow: true }, pass(20)]),
    },
    "is open to its bindings again after a VM was lost": {
      happens: "server.gone",
      plan: plan([{ do: "vanish", instance: 0 }, pass(1)]),
    },
    "is open to its bindings again though the first repairs of its VM failed": {
      happens: "fault.act",
      plan: plan(
        [{ do: "vanish", instance: 0 }, pass(10)],
        [{ kind: "cpi", rule: { point: "cpi:create_vm", count: 3, effect: { kind: "error", message: "refused" } } }],
      ),
    },
    "is open to its bindings again though the repair of its VM could not mount the disk": {
      happens: "fault.act",
      plan: plan(
        [{ do: "vanish", instance: 0 }, pass(10)],
        [{ kind: "cpi", rule: { point: "cpi:attach_disk", effect: { kind: "error", message: "refused" } } }],
      ),
    },
    "has one group of data guard, also where answers were lost": {
      happens: "fault.act",
      plan: plan(
        [{ do: "provision", tenant: 1, plan: 0, parameters: false }, pass(15)],
        [lost("neutron:POST /v2.0/security-groups", 3)],
      ),
    },
    "goes on where a killed broker was": {
      happens: "service.running",
      plan: plan([
        { do: "provision", tenant: 1, plan: 2, parameters: true },
        pass(2),
        { do: "kill-broker", downMs: 60_000 },
        { do: "bind", instance: 0 },
        pass(10),
      ]),
    },
    "is restored to what was backed up": {
      happens: "restore.done",
      plan: plan([
        { do: "backup", instance: 0 },
        pass(2),
        { do: "write", binding: 0, rows: 3 },
        { do: "restore", backup: 0 },
      ]),
    },
    "is swept also when the sweeper's worker died": {
      happens: "vm.orphan",
      plan: plan(
        [{ do: "provision", tenant: 1, plan: 0, parameters: false }, pass(15)],
        [
          { kind: "cpi", rule: { point: "cpi:set_vm_metadata", effect: { kind: "error", message: "refused" } } },
          { kind: "cpi", rule: { point: "cpi:delete_vm", effect: { kind: "error", message: "refused" } } },
          {
            kind: "task",
            rule: {
              point: "director:task",
              match: { type: "delete_artifacts" },
              effect: { kind: "error", message: "the worker died" },
            },
          },
        ],
      ),
    },
  };
  let ground: ScenarioFixture;
  beforeAll(async () => {
    ground = await ScenarioFixture.prepare();
  });
  it.each(Object.entries(cases))(
    "%s",
    async (_what, { plan: each, happens }) => {
      const kinds = new Set<string>();
      const leave = ground.world.kernel.journal.listen(({ kind }) => void kinds.add(kind));
      await playPlan(ground, 1, each).finally(leave);
      expect([...kinds]).toContain(happens);
    },
    120_000,
  );
});
