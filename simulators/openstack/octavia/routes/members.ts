import { bodyJson, empty, type HttpReply, isObject, queryOf } from "../../../kernel/index.ts";
import type { RequestContext } from "../../service.ts";
import { balancerOf, checkMutable, startChange } from "../behaviour/changes.ts";
import { addObject } from "../behaviour/creation.ts";
import { requireRow } from "../behaviour/parents.ts";
import { checkQuota } from "../state/quotas.ts";
import { type Octavia, type OctaviaRow, partsOf } from "../state/state.ts";
import { badRequest, invalidValue } from "../wire/errors.ts";
import { newValues, type Values } from "../wire/values.ts";

const isSame = (row: OctaviaRow, values: Values): boolean =>
  row.values.address === values.address && row.values.protocol_port === values.protocol_port;

/** @throws Refusal 400 */
function membersIn({ request }: RequestContext): readonly Values[] {
  const body = bodyJson(request);
  const members: unknown = body.ok && isObject(body.value) ? body.value.members : undefined;
  if (!Array.isArray(members)) throw invalidValue("members", "None", "Mandatory field missing.");
  return members.map((each: unknown) => {
    if (!isObject(each)) throw invalidValue("members", String(each), "Wrong type. Expected a dictionary");
    return each;
  });
}

/**
 * `PUT /pools/POOL/members`: the members of a pool at once, each known by its address and port. Those that are not named go, unless `additive_only`.
 */
export function replaceMembers(octavia: Octavia, context: RequestContext): HttpReply {
  const { actor, params, request } = context;
  const pool = requireRow(octavia, actor, "pool", params.parent ?? "");
  const wanted = membersIn(context).map((given) => ({ given, values: newValues("member", given) }));
  checkMutable(balancerOf(octavia, pool));
  const keys = wanted.map(({ values }) => `${String(values.address)} ${String(values.protocol_port)}`);
  if (new Set(keys).size < keys.length) throw badRequest("Member address and protocol_port must be unique.");
  const present = partsOf(octavia, pool.id).filter(({ kind }) => kind === "member");
  const added = wanted.filter(({ values }) => !present.some((row) => isSame(row, values)));
  checkQuota(octavia, pool.projectId, "member", added.length);
  const keepsOthers = queryOf(request).get("additive_only")?.toLowerCase() === "true";
  for (const row of present) {
    const next = wanted.find(({ values }) => isSame(row, values));
    if (next === undefined && !keepsOthers) startChange(octavia, row, "delete");
    if (next === undefined) continue;
    const given = Object.entries(next.values).filter(([name]) => Object.hasOwn(next.given, name));
    row.values = { ...row.values, ...Object.fromEntries(given) };
    row.updatedMs = octavia.cloud.kernel.nowMs;
    startChange(octavia, row, "update");
  }
  for (const { values } of added) {
    const object = { kind: "member", parent: pool, projectId: pool.projectId, values } as const;
    startChange(octavia, addObject(octavia, actor, object), "create");
  }
  return empty(202);
}
