import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { QUOTAS, quotasOf } from "../state/quotas.ts";
import type { Designate } from "../state/state.ts";
import { badValue, crash, forbidden, invalidValue } from "../wire/errors.ts";
import { integerFrom } from "../wire/fields.ts";
import { bodyOf, projectOf, wantsAllProjects } from "../wire/request.ts";

const projectIn = ({ params }: RequestContext): string => params.project_id ?? "";

const hardLimit = integerFrom(-1);

/** @throws Refusal 403 for another project, unless an administrator asks for all */
function checkReader(context: RequestContext): void {
  if (projectIn(context) === projectOf(context)) return;
  if (!context.actor.isAdmin || !wantsAllProjects(context)) throw forbidden();
}

/** @throws Refusal 403 */
function checkWriter(context: RequestContext): void {
  if (!context.actor.isAdmin) throw forbidden();
  checkReader(context);
}

function show(designate: Designate, context: RequestContext): HttpReply {
  checkReader(context);
  return json(200, quotasOf(designate, projectIn(context)));
}

/** The limits that a body sets. @throws Refusal 400; 500 for null */
function limitsIn(body: unknown): Readonly<Record<string, number>> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badValue("AttributeError", `'${Array.isArray(body) ? "list" : typeof body}' object has no attribute 'items'`);
  const limits = Object.entries(body).map(([name, value]: [string, unknown]) => {
    if (!Object.hasOwn(QUOTAS, name)) throw invalidValue(`Field value ${name} is invalid`);
    return [name, hardLimit(value, "hard_limit")] as const;
  });
  return Object.fromEntries(
    limits.map(([name, limit]) => {
      if (limit === null) throw crash();
      return [name, limit];
    }),
  );
}

function update(designate: Designate, context: RequestContext): HttpReply {
  const limits = limitsIn(bodyOf(context));
  checkWriter(context);
  const { quotas } = designate.slot.value;
  const project = projectIn(context);
  quotas.set(project, { ...quotas.get(project), ...limits });
  designate.cloud.kernel.record("designate", "quota.update", project, limits);
  return json(200, quotasOf(designate, project));
}

function reset({ slot, cloud }: Designate, context: RequestContext): HttpReply {
  checkWriter(context);
  const project = projectIn(context);
  if (slot.value.quotas.delete(project)) cloud.kernel.record("designate", "quota.reset", project);
  return { status: 204 };
}

/** `/v2/quotas` */
export const quotaRoutes = (designate: Designate): readonly OpenStackRoute[] => [
  { method: "GET", path: "/v2/quotas", handler: (context) => json(200, quotasOf(designate, projectOf(context))) },
  { method: "GET", path: "/v2/quotas/:project_id", handler: (context) => show(designate, context) },
  { method: "PATCH", path: "/v2/quotas/:project_id", handler: (context) => update(designate, context) },
  { method: "DELETE", path: "/v2/quotas/:project_id", handler: (context) => reset(designate, context) },
];
