import { exec } from "node:child_process";
import { promisify } from "node:util";
import type { DrydockFile } from "../settings/file.ts";
import type { Hook } from "../settings/schema.ts";

const HOOK_NAMES = ["hold", "release", "fail", "heal"] as const satisfies readonly (keyof DrydockFile["hooks"])[];
type HookName = (typeof HOOK_NAMES)[number];

/** Breaks one thing about an instance on purpose; what it returns repairs it. */
export type FaultHook = (instance: string) => Promise<() => Promise<void>>;
/** Looks where only an operator can, and returns the lines that it finds about an instance. */
export type LookHook = (instance: string) => Promise<readonly string[]>;

/**
 * The means to make what stands behind the broker slow or broken on purpose, and to look behind it. `hold` keeps asynchronous operations
 * in progress until `release`; `fail` makes the next operations fail until `heal`. `faults` and `looks` are for the suites `backup` and
 * `isolation`, by the names in their plans.
 */
export interface Backend extends Readonly<Partial<Record<HookName, () => Promise<void>>>> {
  readonly faults?: Readonly<Partial<Record<string, FaultHook>>>;
  readonly looks?: Readonly<Partial<Record<string, LookHook>>>;
}

/** Longest time a hook may take, in milliseconds. */
const HOOK_MS_MAX = 30_000;

/** The subject of a hook call: a URL gets it as JSON, a command in the variables DRYDOCK_INSTANCE and DRYDOCK_PHASE. */
interface HookCall {
  readonly instance?: string;
  /** Of a fault: whether it begins or ends. */
  readonly phase?: "begin" | "end";
}

/** How much of a hook's output is read, in bytes. */
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

async function runHook(name: string, hook: Hook, call: HookCall = {}): Promise<string> {
  if ("url" in hook) {
    const sent = Object.keys(call).length === 0 ? {} : { body: JSON.stringify({ hook: name, ...call }) };
    const response = await fetch(hook.url, { method: "POST", signal: AbortSignal.timeout(HOOK_MS_MAX), ...sent });
    if (!response.ok) throw new Error(`hook ${name}: ${hook.url} answered ${response.status}`);
    return response.text();
  }
  const env = { ...process.env, DRYDOCK_INSTANCE: call.instance ?? "", DRYDOCK_PHASE: call.phase ?? "" };
  return (await promisify(exec)(hook.command, { timeout: HOOK_MS_MAX, env, maxBuffer: OUTPUT_BYTES_MAX })).stdout;
}

const mapHooks = <T>(hooks: Readonly<Record<string, Hook>>, make: (name: string, hook: Hook) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(hooks).map(([name, hook]) => [name, make(name, hook)]));

function faultOf(name: string, hook: Hook): FaultHook {
  return async (instance) => {
    await runHook(name, hook, { instance, phase: "begin" });
    return async () => void (await runHook(name, hook, { instance, phase: "end" }));
  };
}

const lookOf =
  (name: string, hook: Hook): LookHook =>
  async (instance) =>
    (await runHook(name, hook, { instance })).split("\n").filter((line) => line !== "");

/** The hooks of a drydock.yml as a backend. */
export function backendOf(file: DrydockFile): Backend {
  const named = HOOK_NAMES.flatMap((name) => {
    const hook = file.hooks[name];
    return hook === undefined ? [] : [[name, async () => void (await runHook(name, hook))] as const];
  });
  const { faults = {}, looks = {} } = file.hooks;
  return { ...Object.fromEntries(named), faults: mapHooks(faults, faultOf), looks: mapHooks(looks, lookOf) };
}
