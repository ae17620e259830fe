import { bodyJson, empty, type HttpReply, isObject, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { QUOTA_ALIASES, QUOTA_NAMES, quotaView } from "../state/quotas.ts";
import { type Octavia, recordChange } from "../state/state.ts";
import { forbidden, invalidValue } from "../wire/errors.ts";

function readableProject({ actor, params }: RequestContext): string {
  const project = params.project ?? "";
  if (project !== actor.projectId && !actor.isAdmin) throw forbidden();
  return project;
}

function updateQuotas(octavia: Octavia, context: RequestContext): HttpReply {
  if (!context.actor.isAdmin) throw forbidden();
  const body = bodyJson(context.request);
  const given = body.ok && isObject(body.value) ? body.value.quota : undefined;
  if (!isObject(given)) throw invalidValue("quota", "None", "Mandatory field missing.");
  const limits: Record<string, number> = {};
  for (const [word, value] of Object.entries(given)) {
    const name = QUOTA_ALIASES[word] ?? word;
    if (!QUOTA_NAMES.includes(name)) throw invalidValue(name, String(value), `Unknown attribute: ${name}`);
    if (typeof value !== "number" || !Number.isInteger(value) || value < -1)
      throw invalidValue(name, String(value), "Value should be greater or equal to -1");
    limits[name] = value;
  }
  const project = context.params.project ?? "";
  const { quotas } = octavia.slot.value;
  quotas.set(project, { ...quotas.get(project), ...limits });
  recordChange(octavia, "quota.update", project, limits);
  return json(202, { quota: quotaView(octavia, project) });
}

function resetQuotas({ slot, cloud }: Octavia, { actor, params }: RequestContext): HttpReply {
  if (!actor.isAdmin) throw forbidden();
  slot.value.quotas.delete(params.project ?? "");
  cloud.kernel.record("octavia", "quota.reset", params.project ?? "", {});
  return empty(204);
}

/** The projects whose quotas were set; a member sees its own. */
function listQuotas(octavia: Octavia, { actor }: RequestContext): HttpReply {
  const projects = [...octavia.slot.value.quotas.keys()].filter((id) => actor.isAdmin || id === actor.projectId);
  const quotas = projects.map((id) => ({ ...quotaView(octavia, id), project_id: id, tenant_id: id }));
  return json(200, { quotas, quotas_links: [] });
}

const forAdmins =
  (handler: () => HttpReply): OpenStackRoute["handler"] =>
  ({ actor }) => {
    if (!actor.isAdmin) throw forbidden();
    return handler();
  };

/** Quotas, under their two paths, and the machines behind load balancers. */
export const operatorRoutes = (octavia: Octavia): readonly OpenStackRoute[] =>
  ["/v2", "/v2.0"].flatMap((version): readonly OpenStackRoute[] => [
    ...[`${version}/lbaas/quotas`, `${version}/quotas`].flatMap((quotas): readonly OpenStackRoute[] => [
      { method: "GET", path: quotas, handler: (context) => listQuotas(octavia, context) },
      { method: "GET", path: `${quotas}/defaults`, handler: () => json(200, { quota: quotaView(octavia, "") }) },
      {
        method: "GET",
        path: `${quotas}/:project`,
        handler: (context) => json(200, { quota: quotaView(octavia, readableProject(context)) }),
      },
      { method: "PUT", path: `${quotas}/:project`, handler: (context) => updateQuotas(octavia, context) },
      { method: "DELETE", path: `${quotas}/:project`, handler: (context) => resetQuotas(octavia, context) },
    ]),
    {
      method: "GET",
      path: `${version}/octavia/amphorae`,
      handler: forAdmins(() => json(200, { amphorae: [], amphorae_links: [] })),
    },
  ]);
