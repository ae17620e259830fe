import { beforeAll, describe, expect, it } from "vitest";
import type { PreparedScenario } from "../scenario.ts";
import { ScenarioFixture } from "../reference/fixture.ts";
import type { Step } from "../reference/step.ts";
import type { Plan, PlannedFault } from "./plan.ts";
import { playPlan } from "./play.ts";
import { REGRESSIONS } from "./regressions.ts";
import { provisioning } from "./scenario.ts";

const BUG = "leak-volume-after-failed-deploy";
const SEEDS_MAX = 50;

describe("a seed", () => {
  it("passes, and has the same digest whatever ran before it", async () => {
    const prepared = await provisioning.prepare({});
    const first = await prepared.run(7);
    expect(first.reason).toBeUndefined();
    for (const seed of [1, 2, 3, 4, 5]) expect(await prepared.run(seed)).toMatchObject({ seed, verdict: "pass" });
    expect(await prepared.run(7)).toEqual(first);
    expect((await (await provisioning.prepare({})).run(7)).digest).toBe(first.digest);
  });
});

describe("a seed that failed once", () => {
  let prepared: PreparedScenario;
  beforeAll(async () => {
    prepared = await provisioning.prepare({});
  });
  it.each(REGRESSIONS)(
    "passes now: $seed, $cause",
    async ({ seed }) => {
      expect(await prepared.replay(seed)).toMatchObject({ seed, verdict: "pass" });
    },
    600_000,
  );
});

async function firstFailure(prepared: PreparedScenario): Promise<Awaited<ReturnType<PreparedScenario["run"]>>> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const result = await prepared.run(seed);
    if (result.verdict !== "pass") return result;
  }
  throw new Error(`nothing found within ${SEEDS_MAX} seeds`);
}

/** The canary: if nothing were found here, silence elsewhere would prove nothing. */
describe("a broker that forgets a volume", () => {
  it("is found, shrunk to a few steps, and replayed", async () => {
    const prepared = await provisioning.prepare({ plantedBug: BUG });
    const { seed, verdict, reason, counterexample } = await firstFailure(prepared);
    expect({ verdict, reason }).toMatchObject({
      verdict: "fail",
      reason: expect.stringMatching(/^the disk .* is left/),
    });
    expect(counterexample?.steps.length).toBeLessThanOrEqual(4);
    expect(counterexample?.steps.some((step) => step.startsWith("provision"))).toBe(true);
    const again = await prepared.replay(seed, counterexample?.path);
    expect(again).toMatchObject({ verdict: "fail", reason, counterexample });
    const sound = await (await provisioning.prepare({})).replay(seed, counterexample?.path);
    expect(sound.verdict).toBe("pass");
  });
});

const plan = (steps: readonly Step[], faults: readonly PlannedFault[] = []): Plan => ({
  standing: [{ tenant: 0, plan: 0 }],
  steps,
  kinds: faults.map(({ kind }) => kind),
  faults,
});
const pass = (minutes: number): Step => ({ do: "pass", ms: minutes * 60_000 });
const loseReply = (point: string, count: number): PlannedFault => ({
  kind: "lost-reply",
  rule: { point, count, effect: { kind: "lost-reply" } },
});

/** Each of these was broken once. `happens` is the kind of event that the journal must hold, or the case would prove nothing. */
describe("a service instance", () => {
  const cases: Readonly<Record<string, { readonly plan: Plan; readonly happens: string }>> = {
    "keeps its data on a larger disk": {
      happens: "disk.copy",
      plan: plan([{ do: "update", instance: 0, grow: true }, pass(20)]),
    },
    "is open to its bindings again after its VM vanished": {
      happens: "server.gone",
      plan: plan([{ do: "vanish", instance: 0 }, pass(1)]),
    },
    "is open to its bindings again although the first repairs of its VM failed": {
      happens: "fault.act",
      plan: plan(
        [{ do: "vanish", instance: 0 }, pass(10)],
        [{ kind: "cpi", rule: { point: "cpi:create_vm", count: 3, effect: { kind: "error", message: "refused" } } }],
      ),
    },
    "is open to its bindings again although the repair of its VM could not mount the disk": {
      happens: "fault.act",
      plan: plan(
        [{ do: "vanish", instance: 0 }, pass(10)],
        [{ kind: "cpi", rule: { point: "cpi:attach_disk", effect: { kind: "error", message: "refused" } } }],
      ),
    },
    "has one group of data guard although answers were lost": {
      happens: "fault.act",
      plan: plan(
        [{ do: "provision", tenant: 1, plan: 0, parameters: false }, pass(15)],
        [loseReply("neutron:POST /v2.0/security-groups", 3)],
      ),
    },
    "is finished by a broker that was killed meanwhile": {
      happens: "service.running",
      plan: plan([
        { do: "provision", tenant: 1, plan: 2, parameters: true },
        pass(2),
        { do: "kill-broker", downMs: 60_000 },
        { do: "bind", instance: 0 },
        pass(10),
      ]),
    },
    "holds what was backed up once it is restored": {
      happens: "restore.done",
      plan: plan([
        { do: "backup", instance: 0 },
        pass(2),
        { do: "write", binding: 0, rows: 3 },
        { do: "restore", backup: 0 },
      ]),
    },
    "leaves no orphaned VM although the worker that sweeps them died": {
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
  let fixture: ScenarioFixture;
  beforeAll(async () => {
    fixture = await ScenarioFixture.prepare("provisioning");
  });
  it.each(Object.entries(cases))(
    "%s",
    async (_what, { plan: each, happens }) => {
      const kinds = new Set<string>();
      const leave = fixture.world.kernel.journal.listen(({ kind }) => void kinds.add(kind));
      await playPlan(fixture, 1, each).finally(leave);
      expect([...kinds]).toContain(happens);
    },
    600_000,
  );
});
