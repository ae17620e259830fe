import { type Fields, optionalField, requireField } from "../configs/fields.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Amount, UpdateSettings, VmStrategy, WatchTime } from "./manifest.ts";

const STRATEGIES: readonly VmStrategy[] = ["create-swap-delete", "delete-create"];

/** @throws DirectorError 180001 */
function parseWatchTime(text: string): WatchTime {
  const match = /^\s*(\d+)\s*-\s*(\d+)\s*$/m.exec(text) ?? /^\s*(\d+)\s*$/m.exec(text);
  if (match === null) throw new DirectorError(180001, "Watch time should be an integer or a range of two integers");
  const [minMs, maxMs] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (minMs > maxMs) throw new DirectorError(180001, "Min watch time cannot be greater than max watch time");
  return { minMs, maxMs };
}

/**
 * The update settings of a manifest, or of a group, which inherits the manifest's (update_config.rb in bosh-director).
 *
 * @throws DirectorError 40000, 40001, 40005, 180001
 */
export function readUpdate(fields: Fields, inherited?: UpdateSettings): UpdateSettings {
  const read = (name: string): string | undefined =>
    inherited === undefined ? requireField(fields, name, "string") : optionalField(fields, name, "string");
  const [canaries, maxInFlight] = [read("canaries"), read("max_in_flight")];
  const [canaryText, updateText] = [read("canary_watch_time"), read("update_watch_time")];
  const canaryWatch = canaryText === undefined ? undefined : parseWatchTime(canaryText);
  const updateWatch = updateText === undefined ? undefined : parseWatchTime(updateText);
  const vmStrategy = readStrategy(fields, inherited);
  const serial = optionalField(fields, "serial", "boolean") ?? inherited?.serial ?? true;
  const zonesInParallel = readZoneStrategy(fields, inherited);
  const none: WatchTime = { minMs: 0, maxMs: 0 };
  return {
    canaries: canaries ?? inherited?.canaries ?? "1",
    maxInFlight: maxInFlight ?? inherited?.maxInFlight ?? "1",
    canaryWatch: canaryWatch ?? inherited?.canaryWatch ?? none,
    updateWatch: updateWatch ?? inherited?.updateWatch ?? none,
    serial,
    vmStrategy,
    zonesInParallel,
  };
}

/** @throws DirectorError 40000, 40005 */
function readStrategy(fields: Fields, inherited?: UpdateSettings): VmStrategy {
  const text = optionalField(fields, "vm_strategy", "string") ?? inherited?.vmStrategy ?? "delete-create";
  const found = STRATEGIES.find((each) => each === text);
  if (found !== undefined) return found;
  throw new DirectorError(40005, `Invalid vm_strategy '${text}', valid strategies are: ${STRATEGIES.join(", ")}`);
}

/** @throws DirectorError 40000, 40005 */
function readZoneStrategy(fields: Fields, inherited?: UpdateSettings): boolean {
  const text =
    optionalField(fields, "initial_deploy_az_update_strategy", "string") ??
    (inherited?.zonesInParallel === true ? "parallel" : "serial");
  if (text !== "parallel" && text !== "serial")
    throw new DirectorError(
      40005,
      `Invalid initial_deploy_az_update_strategy '${text}', valid strategies are: 'parallel, serial'`,
    );
  return text === "parallel";
}

/**
 * The number of instances out of `size` that an amount means (numerical_value_calculator.rb in bosh-director).
 *
 * @throws Error for a malformed amount, which the director too notices only here
 */
export function resolveAmount(value: Amount, size: number): number {
  const percent = /^(\d+)%$/m.exec(value)?.[1];
  if (percent !== undefined) return Math.min(size, Math.floor((Number(percent) * size) / 100));
  if (!/^[-+]?\d+$/.test(value)) throw new Error("cannot be calculated");
  return Number(value);
}

/** The number of instances to update at once: at least one. @throws Error for a malformed amount */
export const resolveMaxInFlight = (value: Amount, size: number): number => Math.max(1, resolveAmount(value, size));

/** Checks an amount that the caller of a deploy sets in place of the manifest's. @throws Error */
export function checkAmount(value: string | null, name: "canaries" | "max_in_flight"): void {
  if (value !== null && !/^\d+%$/m.test(value) && !/^[-+]?[0-9]+$/.test(value))
    throw new Error(`${name} value should be integer or percent`);
}
