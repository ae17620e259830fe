import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { CloudControl } from "../scenarios/external/cloud-control.ts";
import { armInTime, parseFaultPlan, type TimedFault } from "../scenarios/external/fault-plan.ts";
import { describeRule } from "../scenarios/external/plan.ts";
import { bootCloudFor, proxyBypass } from "./cloud.ts";
import { EXIT, UserError } from "./errors.ts";
import { readNamedFile } from "./session.ts";

/** The options of `run --faults`. */
export interface FaultRunOptions {
  readonly faults: string;
  readonly json?: boolean;
}

/** The result of traffic under faults. */
interface FaultRun {
  /** The exit code of the command that made the traffic. */
  readonly exitCode: number;
  readonly faults: readonly {
    readonly fault: string;
    readonly atMs: number;
    readonly seen: number;
    readonly acted: number;
  }[];
  /** Conservation laws of the cloud that are broken once everything has healed. */
  readonly broken: readonly string[];
}

/** A repair may still be in progress when the traffic ends. */
const REPAIR_MS_MAX = 20_000;
const LOOK_MS = 200;

/**
 * `drydock run --faults plan.yml -- COMMAND`: a fake cloud, a command that makes the traffic, and the faults of a plan meanwhile. Then everything
 * heals, and the conservation laws are checked. Returns the exit code.
 *
 * @throws UserError, FaultPlanError
 */
export async function runWithFaults(command: readonly string[], options: FaultRunOptions): Promise<number> {
  const plan = parseFaultPlan(readNamedFile(options.faults) ?? "");
  const [program, ...args] = command;
  if (program === undefined) throw new UserError("CLI_NO_COMMAND", "--faults needs traffic");
  const cloud = await bootCloudFor({ pace: "instant", ...(plan.seed !== undefined && { seed: plan.seed }) });
  const control = new CloudControl(cloud.environment);
  const over = new AbortController();
  try {
    const arming = armInTime(plan, control, over.signal);
    const running = runCommand(program, args, cloud.environment);
    const exitCode = await Promise.race([running, arming.then(() => running)]);
    over.abort();
    const run = await judge(control, await arming, exitCode);
    process.stdout.write(options.json === true ? `${JSON.stringify(run)}\n` : `${describeRun(run).join("\n")}\n`);
    return exitCodeOf(run);
  } finally {
    control.close();
    await cloud.close();
  }
}

async function runCommand(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const env = { ...process.env, ...environment, ...proxyBypass(process.env) };
  const child = spawn(program, args, { stdio: "inherit", env });
  child.once("error", () => undefined);
  const [code] = await once(child, "close").catch((error: Error) => {
    throw new UserError("CLI_COMMAND_NOT_FOUND", error.message);
  });
  return typeof code === "number" ? code : 1;
}

async function judge(
  control: CloudControl,
  armed: ReadonlyMap<number, TimedFault>,
  exitCode: number,
): Promise<FaultRun> {
  const counts = await control.counts();
  await control.disarm();
  const deadline = performance.now() + REPAIR_MS_MAX;
  let broken = await control.brokenLaws();
  while (broken.length > 0 && performance.now() < deadline) {
    await sleep(LOOK_MS);
    broken = await control.brokenLaws();
  }
  const faults = [...armed].map(([id, { rule, atMs }]) => ({
    fault: describeRule(rule),
    atMs,
    ...(counts.get(id) ?? {
      seen: 0,
      acted: 0,
    }),
  }));
  return { exitCode, faults, broken };
}

const describeRun = ({ exitCode, faults, broken }: FaultRun): readonly string[] => [
  `the traffic ended with ${exitCode}`,
  ...faults.map(
    ({ fault, atMs, seen, acted }) =>
      `${fault}, from ${atMs} ms: ${seen} occasions, acted ${acted === 1 ? "once" : `${acted} times`}`,
  ),
  ...(faults.some(({ acted }) => acted > 0) ? [] : ["no fault acted: this run proves nothing"]),
  ...broken.map((law) => `broken: ${law}`),
  ...(broken.length === 0 ? ["every law of the cloud holds"] : []),
];

function exitCodeOf({ exitCode, faults, broken }: FaultRun): number {
  if (broken.length > 0 || exitCode !== 0) return EXIT.notConformant;
  return faults.some(({ acted }) => acted > 0) ? EXIT.ok : EXIT.couldNotRun;
}
