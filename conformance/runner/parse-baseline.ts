import { parse } from "yaml";
import { TargetError } from "../client/errors/target-error.ts";
import { type Json, isArray, isObject, stringOf } from "../client/http/json.ts";
import type { Acceptance } from "./baseline.ts";

const bad = (what: string): TargetError => new TargetError("bad-baseline", what);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function acceptanceOf(entry: Json, at: number): Acceptance {
  const { check, reason, until } = isObject(entry) ? entry : {};
  const [id, why, day] = [stringOf(check), stringOf(reason)?.trim(), stringOf(until)];
  const where = `baseline: entry ${at + 1}`;
  if (id === undefined || id === "") throw bad(`${where} names no check`);
  if (why === undefined || why === "") throw bad(`${where} (${id}) gives no reason`);
  if (day === undefined || !DAY.test(day) || Number.isNaN(Date.parse(day)))
    throw bad(`${where} (${id}) needs "until" as a day such as 2026-12-31`);
  return { check: id, reason: why, until: day };
}

/**
 * Parses a baseline: YAML or JSON, `accept: [{check, reason, until}]`.
 *
 * @throws TargetError bad-baseline
 */
export function parseBaseline(text: string): readonly Acceptance[] {
  let value: Json;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new TargetError("bad-baseline", `baseline: ${cause instanceof Error ? cause.message : "not YAML"}`, {
      cause,
    });
  }
  const accept = isObject(value) ? value["accept"] : undefined;
  if (!isArray(accept)) throw bad('baseline: there is no list "accept"');
  const list = accept.map(acceptanceOf);
  const twice = list.find(({ check }, at) => list.findIndex((each) => each.check === check) !== at);
  if (twice !== undefined) throw bad(`baseline: ${twice.check} is listed twice`);
  return list;
}
