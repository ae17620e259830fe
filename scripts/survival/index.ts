/**
 * `npm run survival`: kills a cloud that is kept in a folder (`up --data`) at random moments under load, starts it again each time, and reads back
 * everything that was acknowledged.
 *
 * Exit code 0 if nothing is lost, 1 otherwise.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Random } from "../../simulators/kernel/index.ts";
import { scriptCommand, wholeNumber } from "../command.ts";
import { type RunningCloud, startCloud } from "./cloud.ts";
import { Client } from "./client.ts";
import { KINDS } from "./kinds.ts";
import type { Kind, Thing } from "./things.ts";

const options = scriptCommand(
  "npm run survival --",
  "Kill a cloud in a folder at random moments under load, start it again each time, and read back what was acknowledged.",
)
  .option("--kills <n>", "how often it is killed", wholeNumber(1), 100)
  .option("--seed <n>", "of the load and of the moments", wholeNumber(0), 1)
  .option("--workers <n>", "users at work at once", wholeNumber(1), 6)
  .option("--without <kinds>", "kinds that are left out: words of their names, comma separated", "")
  .option("--block <block>", "the block of the cloud: one that no other cloud chooses while it is down", "127.150")
  .option("--keep", "leave the folder behind")
  .parse()
  .opts<{ kills: number; seed: number; workers: number; without: string; block: string; keep?: boolean }>();

const without = options.without.split(",").filter((each) => each !== "");
const kinds = KINDS.filter(({ name }) => !without.some((each) => name.includes(each)));
const random = Random.fork(options.seed, "survival");
/** A life ends soon after so many more acknowledgements, whatever else the machine does, or after some time. */
const LIFE_ACKNOWLEDGED_MAX = 40;
const LIFE_MS_MAX = 60_000;
const DEEPEST_SHARE = 0.2;
/** How soon after. */
const MOMENT_MS_MAX = 100;

/** Everything acknowledged so far, and everything that may exist. */
const things = new Set<Thing>();
let acknowledged = 0;
let lastId = 0;
const refusals = new Map<string, number>();

const pick = <T>(list: readonly T[]): T | undefined => list[random.int(0, list.length - 1)];
const thereOf = (kind: string): Thing[] =>
  [...things].filter((each) => each.kind.name === kind && each.state === "there");

/** Creates or removes one thing. A request without an answer leaves it open what became of it. */
async function act(client: Client, kind: Kind): Promise<void> {
  const there = thereOf(kind.name);
  const victim = there.length >= kind.max || random.chance(0.2) ? pick(there) : undefined;
  if (victim !== undefined) return remove(client, victim);
  const parent = kind.under === undefined ? undefined : pick(thereOf(kind.under));
  if (kind.under !== undefined && parent === undefined) return;
  const id = `thing-${++lastId}`;
  const value = await kind.create(client, id, parent);
  acknowledged++;
  things.add({ kind, id, value, state: parent?.state ?? "there", ...(parent && { parent }) });
}

async function remove(client: Client, victim: Thing): Promise<void> {
  const all = [victim, ...[...things].filter(({ parent }) => parent === victim)];
  for (const each of all) each.state = "maybe";
  await victim.kind.remove(client, victim);
  acknowledged++;
  if (await isGone(client, victim)) for (const each of all) things.delete(each);
}

const isGone = (client: Client, victim: Thing): Promise<boolean> =>
  victim.kind.read(client, victim).then(
    (value) => value === undefined,
    () => false,
  );

/** Puts load on a cloud until it is killed. */
async function load(client: Client, over: AbortSignal): Promise<void> {
  const work = async (): Promise<void> => {
    while (!over.aborted) {
      // The deepest kind, which needs most of the others, comes more often.
      const kind = random.chance(DEEPEST_SHARE) ? kinds.at(-1) : pick(kinds);
      if (kind === undefined) return;
      await act(client, kind).catch((error: unknown) => {
        if (over.aborted) return;
        const why = `${kind.name}: ${error instanceof Error ? error.message : String(error)}`;
        refusals.set(why, (refusals.get(why) ?? 0) + 1);
      });
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
}

/** Things that were acknowledged but are missing, or differ. */
async function findLost(client: Client): Promise<readonly string[]> {
  const lost: string[] = [];
  for (const thing of things) {
    if (thing.state === "maybe") {
      // From now on it is left alone, whatever became of it.
      things.delete(thing);
      continue;
    }
    const read = await thing.kind.read(client, thing).catch((error: unknown) => `error: ${String(error)}`);
    if (!isDeepStrictEqual(read, thing.value))
      lost.push(
        `${thing.kind.name} ${thing.id}: ${JSON.stringify(read)?.slice(0, 300) ?? "not there"}, acknowledged as ${JSON.stringify(thing.value).slice(0, 100)}`,
      );
  }
  return lost;
}

async function killOnce(cloud: RunningCloud): Promise<void> {
  const over = new AbortController();
  const loading = load(new Client(cloud.description), over.signal);
  const enough = acknowledged + random.int(0, LIFE_ACKNOWLEDGED_MAX);
  for (const endMs = performance.now() + LIFE_MS_MAX; acknowledged < enough && performance.now() < endMs; )
    await sleep(1);
  await sleep(random.int(0, MOMENT_MS_MAX));
  over.abort();
  await cloud.kill();
  await loading;
}

const folder = mkdtempSync(join(tmpdir(), "drydock-survival-"));
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const readies: number[] = [];
let lost: readonly string[] = [];
let cloud = await startCloud(folder, options.block);
let kills = 0;
try {
  while (kills < options.kills && lost.length === 0) {
    await killOnce(cloud);
    kills++;
    cloud = await startCloud(folder, options.block);
    readies.push(cloud.readyMs);
    lost = await findLost(new Client(cloud.description));
    const counts = kinds.map(({ name }) => `${thereOf(name).length} ${name}`).join(", ");
    say(
      `${kills}: ready in ${Math.round(cloud.readyMs)} ms, ${acknowledged} acknowledged, ${lost.length} lost; there are ${counts}`,
    );
  }
} finally {
  await cloud.end();
  if (options.keep !== true) rmSync(folder, { recursive: true, force: true });
  else say(folder);
}
for (const [why, count] of [...refusals].sort((a, b) => b[1] - a[1]).slice(0, 15))
  say(`refused ${count} times: ${why}`);
for (const each of lost.slice(0, 20)) say(`lost: ${each}`);
readies.sort((a, b) => a - b);
say(
  `${kills} kills, ${acknowledged} acknowledged, ${lost.length} lost; ready again in ${Math.round(readies[readies.length >> 1] ?? 0)} ms (median)`,
);
process.exitCode = lost.length === 0 ? 0 : 1;
