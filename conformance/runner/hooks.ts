import { exec } from "node:child_process";
import { promisify } from "node:util";
import type { DrydockFile } from "../settings/drydock-file.ts";
import type { Hook } from "../settings/schema.ts";

const HOOK_NAMES = ["hold", "release", "fail", "heal"] as const satisfies readonly (keyof DrydockFile["hooks"])[];
type HookName = (typeof HOOK_NAMES)[number];

/**
 * The means to make what stands behind the broker slow or broken on purpose. `hold` keeps asynchronous operations in progress
 * until `release`; `fail` makes the next operations fail until `heal`.
 */
export type Backend = Readonly<Partial<Record<HookName, () => Promise<void>>>>;

/** Longest time a hook may take, in milliseconds. */
const HOOK_MS_MAX = 30_000;

async function runHook(name: HookName, hook: Hook): Promise<void> {
  if ("url" in hook) {
    const response = await fetch(hook.url, { method: "POST", signal: AbortSignal.timeout(HOOK_MS_MAX) });
    if (!response.ok) throw new Error(`hook ${name}: ${hook.url} answered ${response.status}`);
    return;
  }
  await promisify(exec)(hook.command, { timeout: HOOK_MS_MAX });
}

/** The hooks of a drydock.yml as a backend. */
export function backendOf(file: DrydockFile): Backend {
  const named = HOOK_NAMES.flatMap((name) => {
    const hook = file.hooks[name];
    return hook === undefined ? [] : [[name, () => runHook(name, hook)] as const];
  });
  return Object.fromEntries(named);
}
