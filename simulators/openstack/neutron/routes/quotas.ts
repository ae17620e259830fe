import { bodyJson, empty, json } from "../../../kernel/index.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { Refusal } from "../../common/refusal.ts";
import { conflict, denied, type Fields, httpBadRequest, badInput, type Neutron } from "../wire/wire.ts";

/** Default quotas of Zed (docs/discoveries/openstack.md, "Quotas"). */
const QUOTAS = {
  network: 100,
  subnet: 100,
  subnetpool: -1,
  port: 500,
  router: 10,
  floatingip: 50,
  rbac_policy: 10,
  security_group: 10,
  security_group_rule: 100,
} as const;
export type Counted = keyof typeof QUOTAS;

const defaults = (neutron: Neutron): Record<string, number> =>
  Object.fromEntries(Object.entries(QUOTAS).map(([name, limit]) => [name, neutron.cloud.quota(name, limit)]));

export const quotasOf = (neutron: Neutron, projectId: string): Record<string, number> => ({
  ...defaults(neutron),
  ...neutron.slot.value.quotas.get(projectId),
});

export const countOf = ({ slot }: Neutron, projectId: string, name: Counted): number =>
  slot.value.counts.get(`${projectId}/${name}`) ?? 0;

/** Keeps count of what a project has. */
export function count(neutron: Neutron, projectId: string, name: Counted, by: number): void {
  neutron.slot.value.counts.set(`${projectId}/${name}`, countOf(neutron, projectId, name) + by);
}

/** @throws Refusal 409 OverQuota when the project may not have so many more */
export function checkQuota(neutron: Neutron, projectId: string, name: Counted, more = 1): void {
  const limit = neutron.slot.value.quotas.get(projectId)?.[name] ?? neutron.cloud.quota(name, QUOTAS[name]);
  if (limit >= 0 && countOf(neutron, projectId, name) + more > limit)
    throw conflict("OverQuota", `Quota exceeded for resources: ['${name}'].`);
}

/** @throws Refusal 403 */
function projectIn({ actor, params }: Context, rule: string): string {
  const project = params.project ?? "";
  if (!actor.isAdmin && project !== actor.projectId) throw denied(`rule:${rule}`);
  return project;
}

function wantedQuotas(context: Context): Record<string, number> {
  const body = bodyJson(context.request);
  const fields = body.ok ? ((body.value as Fields | null)?.quota as Fields | null | undefined) : undefined;
  if (typeof fields !== "object" || fields === null)
    throw new Refusal(
      500,
      "HTTPInternalServerError",
      "Request Failed: internal server error while processing your request.",
    );
  const unknown = Object.keys(fields).filter(
    (name) => !Object.hasOwn(QUOTAS, name) && name !== "tenant_id" && name !== "force",
  );
  if (unknown.length > 0) throw httpBadRequest(`Unrecognized attribute(s) '${unknown.join(", ")}'`);
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, limitOf(name, value)]));
}

function limitOf(name: string, value: unknown): number {
  const limit = Number(value);
  if (!Number.isInteger(limit)) throw badInput(`'${String(value)}' is not an integer`);
  if (limit < -1)
    throw httpBadRequest(`Invalid input for ${name}. Reason: '${limit}' is too small - must be at least '-1'.`);
  return limit;
}

export function quotaRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const { slot } = neutron;
  const path = "/v2.0/quotas/:project";
  const details = (project: string): object =>
    Object.fromEntries(
      Object.entries(quotasOf(neutron, project)).map(([name, limit]) => [
        name,
        { limit, used: countOf(neutron, project, name as Counted), reserved: 0 },
      ]),
    );
  return [
    {
      method: "GET",
      path: "/v2.0/quotas",
      handler: ({ actor }) => {
        if (!actor.isAdmin) throw denied("rule:get_quota");
        const quotas = [...slot.value.quotas.keys()].map((id) => ({
          ...quotasOf(neutron, id),
          tenant_id: id,
          project_id: id,
        }));
        return json(200, { quotas });
      },
    },
    {
      method: "GET",
      path,
      clients: ["openstack"],
      handler: (context) => json(200, { quota: quotasOf(neutron, projectIn(context, "get_quota")) }),
    },
    {
      method: "GET",
      path: `${path}/default`,
      clients: ["openstack"],
      handler: (context) => {
        projectIn(context, "get_quota");
        return json(200, { quota: defaults(neutron) });
      },
    },
    ...["details", "details.json"].map(
      (name): OpenStackRoute => ({
        method: "GET",
        path: `${path}/${name}`,
        clients: ["openstack"],
        handler: (context) => json(200, { quota: details(projectIn(context, "get_quota")) }),
      }),
    ),
    {
      method: "PUT",
      path,
      clients: ["openstack"],
      handler: (context) => {
        if (!context.actor.isAdmin) throw denied("rule:update_quota");
        const project = context.params.project ?? "";
        slot.value.quotas.set(project, { ...slot.value.quotas.get(project), ...wantedQuotas(context) });
        return json(200, { quota: quotasOf(neutron, project) });
      },
    },
    {
      method: "DELETE",
      path,
      clients: ["openstack"],
      handler: ({ actor, params }) => {
        if (!actor.isAdmin) throw denied("rule:delete_quota");
        if (!slot.value.quotas.delete(params.project ?? ""))
          throw new Refusal(404, "TenantQuotaNotFound", `Quota for tenant ${params.project} could not be found.`);
        return empty(204);
      },
    },
  ];
}
