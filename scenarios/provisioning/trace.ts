import { fetchRecords } from "../clients/records.ts";
import type { ScenarioFixture } from "../reference/fixture.ts";
import type { ModelInstance } from "../reference/model.ts";
import type { ReferencePlatform } from "../reference/platform/platform.ts";
import { describeStep } from "../reference/step.ts";
import type { SeedResult } from "../scenario.ts";
import { type SeedTrace, Tracer } from "../trace.ts";
import { describeFault } from "./plan.ts";
import { newTrace, type PlayTrace } from "./play.ts";

/** A platform's knowledge about an instance, in one line. */
function describeInstance(instance: ModelInstance, at: number): string {
  const { phase, update, uncertain, usable, restore, shapes, bindings, backups } = instance;
  const marks = [
    ...(update === undefined ? [] : ["being updated"]),
    ...(uncertain ? ["uncertain"] : []),
    ...(usable ? [] : ["out of order"]),
    ...(restore === undefined ? [] : ["being restored"]),
  ];
  const plans = [...new Set(shapes.map(({ plan }) => plan))].join(" or ");
  const list = (things: readonly { readonly phase: string }[]): string =>
    things.map((each) => each.phase).join(", ") || "none";
  return `instance ${at + 1}: ${[phase, ...marks].join(", ")}; plan ${plans}; bindings: ${list(bindings)}; backups: ${list(backups)}`;
}

/** The customer's knowledge and the cloud's contents, one line each. */
function look({ world, isUp }: ScenarioFixture, { model }: ReferencePlatform): readonly string[] {
  const { nova, cinder, neutron } = world.openstack.state();
  const { deployments, tasks } = world.bosh.state();
  const open = [...tasks.values()].filter(({ state }) => state === "queued" || state === "processing").length;
  return [
    `broker: ${isUp ? "up" : "down"}`,
    ...model.instances.map(describeInstance),
    `cloud: ${deployments.size} deployments, ${open} open tasks, ${nova.servers.size} VMs, ${cinder.volumes.size} volumes, ${neutron.ports.size} ports`,
  ];
}

/** The broker's own account at the end, or the reason why there is none. */
async function recordsOf({ world, broker }: ScenarioFixture): Promise<readonly string[]> {
  try {
    const records = await world.run(() => fetchRecords(world.environmentAt(world.plan.applications), broker));
    return records.map((record) => JSON.stringify(record));
  } catch (error) {
    return [`no records: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Traces the next play on a fixture: hand `trace` to it, and its result to `end`. */
export function traceNext(fixture: ScenarioFixture): {
  readonly trace: PlayTrace;
  readonly end: (result: SeedResult) => Promise<SeedTrace>;
} {
  const { kernel } = fixture.world;
  let tracer: Tracer | undefined;
  // The play resets the clock before its first event.
  const current = (): Tracer => (tracer ??= new Tracer(() => kernel.nowMs));
  const leave = kernel.journal.listen((event) => current().hear(event));
  fixture.exercise.onNote = (section, name) => {
    if (section === "steps") current().note("broker", name);
  };
  return {
    trace: {
      ...newTrace(),
      around: (planned, platform, perform) => {
        const { step, faults, next } = planned;
        const pause = next === "settled" ? ", until it has ended" : `, then ${next} ms`;
        for (const fault of faults) current().note("faults", `armed: ${describeFault(fault)}`);
        return current().step(`${describeStep(step)}${pause}`, () => look(fixture, platform), perform);
      },
    },
    end: async (result) => {
      leave();
      fixture.exercise.onNote = undefined;
      const records = result.verdict === "pass" ? [] : await recordsOf(fixture);
      return { ...current().end(result), records };
    },
  };
}
