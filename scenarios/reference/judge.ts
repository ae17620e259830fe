import type { InstanceRecord } from "../laws/instance-records.ts";
import { fetchRecords } from "../clients/records.ts";
import { recordLaws } from "../laws/records.ts";
import type { World } from "../../simulators/world.ts";
import type { ScenarioFixture } from "./fixture.ts";
import type { ModelBinding, ModelInstance, InstanceShape } from "./model.ts";
import { BrokenPromise } from "../errors.ts";
import type { ReferencePlatform } from "./platform/platform.ts";

/** Fetches the broker's records. */
const recordsOf = ({ world, broker }: ScenarioFixture): Promise<readonly InstanceRecord[]> =>
  fetchRecords(world.environmentAt(world.plan.applications), broker);

/** @throws BrokenPromise if there are any lines */
const refuse = (lines: readonly string[]): void => {
  if (lines.length > 0) throw new BrokenPromise(lines.join("; "));
};

/** Checks that the laws of conservation hold and nothing had a defect. @throws BrokenPromise */
export async function judgeLaws(fixture: ScenarioFixture): Promise<void> {
  const defects = fixture.defects.map(
    (error) => `a defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  const records = await recordsOf(fixture);
  fixture.exercise.note("laws", "records of instances", records.length);
  fixture.exercise.note("laws", "records of backups", records.flatMap(({ backups }) => backups).length);
  refuse([...fixture.world.findBrokenLaws(recordLaws(records)), ...defects]);
}

/** Checks that the broker has records of the instances that its platform knows, and of no others. @throws BrokenPromise */
export async function judgeRecords(fixture: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  const records = await recordsOf(fixture);
  const alive = new Set(platform.model.instances.flatMap(({ id, phase }) => (phase === "gone" ? [] : [id])));
  const recorded = new Set(records.map(({ id }) => id));
  refuse([
    ...[...recorded].filter((id) => !alive.has(id)).map((id) => `the broker keeps the instance ${id}, which is gone`),
    ...[...alive].filter((id) => !recorded.has(id)).map((id) => `the broker has forgotten the instance ${id}`),
  ]);
}

/** Nodes of an instance, by its plan. */
const NODES: readonly number[] = [1, 1, 3, 3];

/** An instance is what the broker says it is. */
async function judgeShape(
  { world }: ScenarioFixture,
  platform: ReferencePlatform,
  instance: ModelInstance,
): Promise<readonly string[]> {
  const shape = await platform.fetchShape(instance);
  if (shape === undefined) return [`the instance ${instance.id} can't be fetched`];
  const isAllowed = instance.shapes.some((each) => isSame(each, shape));
  if (!isAllowed)
    return [`the instance ${instance.id} is ${JSON.stringify(shape)}, not ${JSON.stringify(instance.shapes)}`];
  const nodes = nodesOf(world, instance);
  const isCertain = instance.shapes.length === 1;
  return isCertain && nodes !== undefined && nodes !== NODES[shape.plan]
    ? [`the instance ${instance.id} has ${nodes} running nodes of ${NODES[shape.plan]}`]
    : [];
}

const isSame = (a: InstanceShape, b: InstanceShape): boolean =>
  a.plan === b.plan && a.maxConnections === b.maxConnections;

/** Counts the running nodes of the deployment that the bindings name; undefined if none names one. */
function nodesOf({ dataservices }: World, { bindings }: ModelInstance): number | undefined {
  const deployment = bindings.find(({ credentials }) => credentials !== undefined)?.credentials?.name;
  if (deployment === undefined) return undefined;
  return dataservices.instances().filter((each) => each.deployment === deployment && each.state === "running").length;
}

/** A binding that stands logs in and finds what was written; one that is gone does not. */
function judgeBinding(platform: ReferencePlatform, binding: ModelBinding): readonly string[] {
  const { instance, phase, credentials } = binding;
  if (credentials === undefined) return [];
  if (phase === "gone") return judgeGone(platform, binding);
  // The broker has said that the instance is out of order.
  if (!instance.usable) return [];
  const session = platform.applications.open(binding);
  if (session === undefined) return [`the binding ${binding.id} of ${instance.id} does not log in`];
  const content = platform.applications.read(session);
  session.close();
  if (instance.holds.allows(content)) return [];
  const expected = instance.holds.possible.map((each) => `{${[...each.keys()].join(", ")}}`).join(" or ");
  return [`the instance ${instance.id} holds {${[...content.keys()].join(", ")}}, not ${expected}`];
}

function judgeGone(platform: ReferencePlatform, binding: ModelBinding): readonly string[] {
  const addresses = [undefined, binding.address].filter((each, at) => at === 0 || each !== undefined);
  return addresses.some((address) => platform.applications.open(binding, address) !== undefined)
    ? [`the binding ${binding.id} is gone and still logs in`]
    : [];
}

/** The credentials of one instance open no other. */
function judgeNeighbours(platform: ReferencePlatform): readonly string[] {
  const standing = platform.model.bindings.filter(
    ({ phase, address }) => phase === "standing" && address !== undefined,
  );
  return standing.flatMap((mine) =>
    standing
      .filter(({ instance }) => instance !== mine.instance)
      .filter(({ address }) => platform.applications.open(mine, address) !== undefined)
      .map((other) => `the binding ${mine.id} of ${mine.instance.id} logs in at ${other.instance.id}`),
  );
}

/** Records how much the promises had to judge. */
function noteJudged({ exercise }: ScenarioFixture, bindings: readonly ModelBinding[]): void {
  const known = bindings.filter(({ credentials }) => credentials !== undefined);
  exercise.note("laws", "bindings that are gone", known.filter(({ phase }) => phase === "gone").length);
  const standing = known.filter(({ phase, instance }) => phase === "standing" && instance.usable);
  exercise.note("laws", "contents of databases", standing.length);
  exercise.note(
    "laws",
    "contents with rows",
    standing.filter(({ instance }) => !instance.holds.allows(new Map())).length,
  );
  exercise.note("laws", "neighbours", new Set(standing.map(({ instance }) => instance)).size - 1);
}

/** Checks what tenants were promised: shapes, logins, data, and isolation from each other. @throws BrokenPromise */
export async function judgePromises(fixture: ScenarioFixture, platform: ReferencePlatform): Promise<void> {
  const { instances, bindings } = platform.model;
  noteJudged(fixture, bindings);
  const shapes: string[] = [];
  for (const instance of instances)
    if (instance.phase === "standing" && instance.usable)
      shapes.push(...(await judgeShape(fixture, platform, instance)));
  refuse([...shapes, ...bindings.flatMap((binding) => judgeBinding(platform, binding)), ...judgeNeighbours(platform)]);
}
