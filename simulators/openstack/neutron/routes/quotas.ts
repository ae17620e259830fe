import { bodyJson, empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { countOf, defaultQuotas, QUOTAS, quotasOf } from "../state/quotas.ts";
import type { Neutron } from "../state/state.ts";
import { integer } from "../wire/converters.ts";
import { isDictionary } from "../wire/structures.ts";
import { forbidden, httpBadRequest, internalError } from "../wire/errors.ts";
import type { View } from "../wire/views.ts";

/** The project of the path, which only its members and administrators may read. @throws Refusal 403 */
function readableProject({ actor, params }: RequestContext): string {
  const project = params.project ?? "";
  if (!actor.isAdmin && project !== actor.projectId) throw forbidden("rule:get_quota");
  return project;
}

/** @throws Refusal 403 */
function requireAdmin({ actor }: RequestContext, rule: string): void {
  if (!actor.isAdmin) throw forbidden(`rule:${rule}`);
}

const LIMIT_MAX = 2_147_483_647;

/** @throws Refusal 400, 500 */
function limitsIn(neutron: Neutron, { request, params }: RequestContext): Record<string, number> {
  const body = bodyJson(request);
  const fields = body.ok && isDictionary(body.value) ? body.value.quota : undefined;
  if (!isDictionary(fields)) throw internalError();
  const { force: _force, check_limit: isChecked, ...given } = fields;
  const owner = given.project_id ?? given.tenant_id;
  const named = Object.keys(owner === undefined ? given : { ...given, project_id: owner, tenant_id: owner });
  const unknown = named.filter((name) => !Object.hasOwn(QUOTAS, name));
  if (unknown.length > 0) throw httpBadRequest(`Unrecognized attribute(s) '${unknown.join(", ")}'`);
  const limits = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, parseLimit(name, value)]));
  if (isTrue(isChecked)) checkUsage(neutron, params.project ?? "", limits);
  return limits;
}

/** Whether Python considers it true. */
const isTrue = (value: unknown): boolean =>
  Boolean(value) && JSON.stringify(value) !== "{}" && JSON.stringify(value) !== "[]";

/** @throws Refusal 400 */
function checkUsage(neutron: Neutron, project: string, limits: Readonly<Record<string, number>>): void {
  for (const [name, limit] of Object.entries(limits)) {
    const used = countOf(neutron, project, name);
    if (used > limit)
      throw httpBadRequest(`Quota limit ${limit} for ${name} must be greater than or equal to already used ${used}`);
  }
}

function parseLimit(name: string, value: unknown): number {
  const limit = integer(value);
  const refuse = (how: string): never => {
    throw httpBadRequest(`Invalid input for ${name}. Reason: '${limit}' is too ${how}'.`);
  };
  if (limit < -1) refuse("small - must be at least '-1");
  if (limit > LIMIT_MAX) refuse(`large - must be no larger than '${LIMIT_MAX}`);
  return limit;
}

const detailsOf = (neutron: Neutron, project: string): View =>
  Object.fromEntries(
    Object.entries(quotasOf(neutron, project)).map(([name, limit]) => [
      name,
      { limit, used: countOf(neutron, project, name), reserved: 0 },
    ]),
  );

/** Lists only projects for which an administrator has set quotas. */
function list(neutron: Neutron, context: RequestContext): HttpReply {
  requireAdmin(context, "get_quota");
  const projects = [...neutron.slot.value.quotas.keys()];
  const quotas = projects.map((id) => ({ ...quotasOf(neutron, id), tenant_id: id, project_id: id }));
  return json(200, { quotas });
}

function update(neutron: Neutron, context: RequestContext): HttpReply {
  requireAdmin(context, "update_quota");
  const { quotas } = neutron.slot.value;
  const project = context.params.project ?? "";
  quotas.set(project, { ...quotas.get(project), ...limitsIn(neutron, context) });
  return json(200, { quota: quotasOf(neutron, project) });
}

function remove({ slot }: Neutron, context: RequestContext): HttpReply {
  requireAdmin(context, "delete_quota");
  const project = context.params.project ?? "";
  if (!slot.value.quotas.delete(project))
    throw new Refusal(404, "TenantQuotaNotFound", `Quota for tenant ${project} could not be found.`);
  return empty(204);
}

/** `/v2.0/quotas` */
export function quotaRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const path = "/v2.0/quotas/:project";
  const clients = ["openstack"];
  const show = (of: (project: string) => View) => (context: RequestContext) =>
    json(200, { quota: of(readableProject(context)) });
  return [
    ...["tenant", "project"].map((name) => ({
      method: "GET",
      path: `/v2.0/quotas/${name}`,
      handler: ({ actor }: RequestContext) => json(200, { [name]: { [`${name}_id`]: actor.projectId } }),
    })),
    { method: "GET", path: "/v2.0/quotas", handler: (context) => list(neutron, context) },
    { method: "GET", path, clients, handler: show((project) => quotasOf(neutron, project)) },
    { method: "GET", path: `${path}/default`, clients, handler: show(() => defaultQuotas(neutron)) },
    ...["details", "details.json"].map((name) => ({
      method: "GET",
      path: `${path}/${name}`,
      clients,
      handler: show((project) => detailsOf(neutron, project)),
    })),
    { method: "PUT", path, clients, handler: (context) => update(neutron, context) },
    { method: "DELETE", path, clients, handler: (context) => remove(neutron, context) },
  ];
}
