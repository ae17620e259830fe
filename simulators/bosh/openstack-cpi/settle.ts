import type { Body, HttpReply } from "../../kernel/index.ts";
import type { ServiceName } from "../../openstack/index.ts";
import { asFields } from "../configs/fields.ts";
import { CpiError } from "../cpi/cpi.ts";
import type { CpiProcess } from "./process.ts";

/** Default of `wait_resource_poll_interval`. */
const POLL_MS = 5000;
/** Default of `state_timeout`. */
const SETTLE_MS_MAX = 300_000;

const FAILED: readonly string[] = ["error", "failed", "killed"];

/**
 * Reloads a resource until its status is one of `good`. A missing resource counts as `deleted`.
 *
 * @param key the reply's key for the resource; empty if the reply is the resource itself
 * @throws CpiError when it fails, is gone although it should not be, or takes longer than `state_timeout`
 */
export function* settle(
  process: CpiProcess,
  service: ServiceName,
  path: string,
  key: string,
  good: readonly string[],
): Body {
  const { kernel } = process;
  for (const until = kernel.nowMs + SETTLE_MS_MAX; ; yield kernel.work(POLL_MS)) {
    const status = statusOf(yield* process.ask(service, "GET", path), key);
    if (good.includes(status)) return;
    if (FAILED.includes(status) || status === "deleted")
      throw new CpiError(`${path}: state ${status}, expected ${good.join(" or ")}`, true);
    if (kernel.nowMs >= until) throw new CpiError(`Timed out waiting for ${path} to be ${good.join(" or ")}`);
  }
}

function statusOf({ status, json }: HttpReply, key: string): string {
  if (status === 404) return "deleted";
  const resource = key === "" ? json : asFields(json)[key];
  return String(asFields(resource).status).toLowerCase();
}
