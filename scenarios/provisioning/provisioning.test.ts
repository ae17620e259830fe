import { beforeAll, describe, expect, it } from "vitest";
import { ScenarioFixture } from "../reference/fixture.ts";
import type { Step } from "../reference/step.ts";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import { sliceOf } from "../../scripts/tests/slice.ts";
import { planOf } from "../seeds.ts";
import { type Plan, planArbitrary } from "./plan.ts";
import { playPlan } from "./play.ts";
import { planOfRegression } from "./regression.ts";
import { REGRESSIONS } from "./regressions/index.ts";
import { LANES } from "../trace.ts";
import { provisioning } from "./scenario.ts";

const CANARY_SEEDS_MAX = 20;

describe("a seed", () => {
  it("passes, and has the same digest whatever ran before it", async () => {
    const prepared = await provisioning.prepare({});
    const first = await prepared.run(7);
    expect(first.reason).toBeUndefined();
    expect(await prepared.run(2)).toMatchObject({ seed: 2, verdict: "pass" });
    expect(await prepared.run(7)).toEqual(first);
    expect((await (await provisioning.prepare({})).run(7)).digest).toBe(first.digest);
  });
});

/** One inception for all plans: nothing of one play reaches the next. */
let fixture: ScenarioFixture;
beforeAll(async () => {
  fixture = await ScenarioFixture.prepare("provisioning");
});

describe("a plan that failed once", () => {
  // .ci/run plays them all, and all cases below.
  it.each(sliceOf(Object.entries(REGRESSIONS), 5))(
    "passes now: %s",
    async (_name, regression) => {
      await playPlan(fixture, regression.seed, planOfRegression(regression));
    },
    600_000,
  );
});

/** The canary: if nothing were found here, silence elsewhere would prove nothing. */
it("a broker that forgets a volume is found, and a sound one passes the same seed", async () => {
  const prepared = await provisioning.prepare({ plantedBug: provisioning.canary ?? "" });
  let result = await prepared.replay(1);
  for (let seed = 2; result.verdict === "pass" && seed <= CANARY_SEEDS_MAX; seed++)
    result = await prepared.replay(seed);
  expect(result).toMatchObject({ verdict: "fail", reason: expect.stringMatching(/^the disk .* is left/) });
  const traced = await prepared.trace?.(result.seed);
  expect(traced?.result).toMatchObject({ verdict: "fail", digest: result.digest, reason: result.reason });
  expect(traced?.steps.length).toBe(result.steps);
  expect(new Set(traced?.events.map(({ lane }) => lane))).toEqual(new Set(LANES));
  await playPlan(fixture, result.seed, planOf(planArbitrary, result.seed));
});

const plan = (steps: readonly Step[], faults: readonly FaultRule[] = []): Plan =>
  planOfRegression({ cause: "", seed: 1, standing: [{ tenant: 0, plan: 0 }], faults, steps });
const pass = (minutes: number): Step => ({ do: "pass", ms: minutes * 60_000 });
const loseReply = (point: string, count: number): FaultRule => ({ point, count, effect: { kind: "lost-reply" } });

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
        [{ point: "cpi:create_vm", count: 3, effect: { kind: "error", message: "refused" } }],
      ),
    },
    "is open to its bindings again although the repair of its VM could not mount the disk": {
      happens: "fault.act",
      plan: plan(
        [{ do: "vanish", instance: 0 }, pass(10)],
        [{ point: "cpi:attach_disk", effect: { kind: "error", message: "refused" } }],
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
          { point: "cpi:set_vm_metadata", effect: { kind: "error", message: "refused" } },
          { point: "cpi:delete_vm", effect: { kind: "error", message: "refused" } },
          {
            point: "director:task",
            match: { type: "delete_artifacts" },
            effect: { kind: "error", message: "the worker died" },
          },
        ],
      ),
    },
  };
  it.each(sliceOf(Object.entries(cases), 2))(
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
