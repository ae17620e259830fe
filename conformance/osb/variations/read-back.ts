import { isObject, sameJson } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import { bodyOf } from "../../client/http/observation.ts";

/** The members of a fetched instance that only a request changes: a broker may count or date other things as it likes. */
const LASTING = ["service_id", "plan_id", "parameters", "maintenance_info", "dashboard_url"];

/** The member of an instance in which two fetches differ; undefined if they agree. */
export function changedMember(before: Answer, after: Answer): string | undefined {
  const [was, is] = [bodyOf(before), bodyOf(after)];
  return LASTING.find((member) => !sameJson(was[member] ?? null, is[member] ?? null));
}

/** Whether a fetched instance has parameters that can be lost. */
export function hasParameters(fetched: Answer): boolean {
  const { parameters } = bodyOf(fetched);
  return isObject(parameters) && Object.keys(parameters).length > 0;
}
