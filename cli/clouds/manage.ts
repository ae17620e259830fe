import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findCloudsUp, isAlive, type KnownCloud } from "../cloud-state.ts";
import { EXIT, UserError } from "../errors.ts";
import { chooseCloud } from "./choose.ts";
import { detach } from "./detach.ts";

/** The longest that a cloud may take to end: real servers behind its VMs are stopped one by one. */
const DOWN_MS_MAX = 120_000;
const LOOK_MS = 50;

interface Json {
  readonly json?: boolean;
}

/** `drydock list`: the clouds of this user that are up. Returns the exit code. */
export async function list({ json = false }: Json): Promise<number> {
  const up = await findCloudsUp();
  const rows = up.map(({ name, block, pid, sinceMs, liveUrl, detached }) => ({
    name,
    block,
    pid,
    since: new Date(sinceMs).toISOString(),
    detached: detached !== undefined,
    live: liveUrl,
  }));
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else if (rows.length === 0) process.stdout.write("no cloud is up\n");
  else process.stdout.write(table(rows.map((row) => [row.name, row.block, String(row.pid), row.since, row.live])));
  return EXIT.ok;
}

const HEADINGS = ["NAME", "BLOCK", "PID", "SINCE", "LIVE PAGE"] as const;

/** Lines whose columns are as wide as their widest entry. */
function table(rows: readonly (readonly string[])[]): string {
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map(
      (row) =>
        `${row
          .map((text, at) => text.padEnd(widths[at] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** Asks a cloud to end and waits until its process has. @throws UserError CLI_DID_NOT_END */
async function end({ name, pid }: KnownCloud): Promise<void> {
  process.stderr.write(`drydock: ending the cloud ${name}\n`);
  process.kill(pid, "SIGTERM");
  for (let waited = 0; waited < DOWN_MS_MAX; waited += LOOK_MS) {
    if (!isAlive(pid)) return;
    await sleep(LOOK_MS);
  }
  throw new UserError(
    "CLI_DID_NOT_END",
    `the cloud ${name} is still there after ${DOWN_MS_MAX / 1000} s: process ${pid}`,
  );
}

/** `drydock down [NAME]`: ends a cloud, or all. Returns the exit code. @throws UserError CLI_NO_CLOUD, CLI_WHICH_CLOUD, CLI_DID_NOT_END */
export async function down(name: string | undefined, { all = false }: { readonly all?: boolean }): Promise<number> {
  const clouds = all ? await findCloudsUp() : [await chooseCloud(name)];
  for (const cloud of clouds) await end(cloud);
  return EXIT.ok;
}

/** The cloud of a name, if it is detached. @throws UserError CLI_NO_CLOUD, CLI_WHICH_CLOUD, CLI_NOT_DETACHED */
async function chooseDetached(
  name: string | undefined,
): Promise<KnownCloud & { detached: NonNullable<KnownCloud["detached"]> }> {
  const cloud = await chooseCloud(name);
  const { detached } = cloud;
  if (detached === undefined) throw new UserError("CLI_NOT_DETACHED", `the cloud ${cloud.name}`);
  return { ...cloud, detached };
}

/** `drydock logs [NAME]`: what a detached cloud has printed. Returns the exit code. @throws UserError CLI_NOT_DETACHED */
export async function logs(name: string | undefined): Promise<number> {
  const { detached } = await chooseDetached(name);
  process.stdout.write(readFileSync(detached.logFile, "utf8"));
  return EXIT.ok;
}

/** The options, with their values, with which to start the cloud again. */
const REPEATED = new Set(["--log-file", "--name", "--block"]);

/** What an option was given on a command line: as the next word, or after "=". */
function valueOf(args: readonly string[], option: string): string | undefined {
  const joined = args.find((each) => each.startsWith(`${option}=`));
  if (joined !== undefined) return joined.slice(option.length + 1);
  const place = args.indexOf(option);
  return place < 0 ? undefined : args[place + 1];
}

/**
 * `drydock reset [NAME]`: ends a detached cloud and starts a fresh one of the same name, in the same block, with the same options.
 * Returns the exit code. @throws UserError CLI_NOT_DETACHED, CLI_DID_NOT_START
 */
export async function reset(name: string | undefined): Promise<number> {
  const cloud = await chooseDetached(name);
  await end(cloud);
  const { args } = cloud.detached;
  const data = valueOf(args, "--data");
  // Otherwise it would go on where it was.
  if (data !== undefined) await (await import("./snapshot.ts")).resetData(data);
  const kept = args.filter((each, at) => !REPEATED.has(each) && !REPEATED.has(args[at - 1] ?? ""));
  return detach([...kept, "--name", cloud.name, "--block", cloud.block], { name: cloud.name });
}
