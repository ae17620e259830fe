import { Refusal } from "../refusal.ts";
import type { Schema } from "../schema/index.ts";
import { admin, badRequest, type Call, checkedBody, denied, type NovaRoute, nothing, ok } from "./call.ts";
import { envelope, objectSchema } from "./schemas.ts";
import type { Flavor, Nova } from "./state.ts";

/** Default quotas of Zed (docs/discoveries/openstack.md, "Quotas"). */
const DEFAULTS: Readonly<Record<string, number>> = {
  cores: 20,
  fixed_ips: -1,
  floating_ips: -1,
  injected_file_content_bytes: 10240,
  injected_file_path_bytes: 255,
  injected_files: 5,
  instances: 10,
  key_pairs: 100,
  metadata_items: 128,
  ram: 51200,
  security_group_rules: -1,
  security_groups: -1,
  server_group_members: 10,
  server_groups: 10,
};
const NETWORK = ["fixed_ips", "floating_ips", "security_group_rules", "security_groups"];
const INJECTED = ["injected_file_content_bytes", "injected_file_path_bytes", "injected_files"];

/** What this microversion still shows. */
const shownNames = (version: number): readonly string[] =>
  Object.keys(DEFAULTS).filter(
    (name) => !(version >= 36 && NETWORK.includes(name)) && !(version >= 57 && INJECTED.includes(name)),
  );

const defaultOf = (nova: Nova, name: string): number =>
  nova.slot.value.quotaClass[name] ?? nova.cloud.quota(name, DEFAULTS[name] ?? -1);

export const quotaOf = (nova: Nova, projectId: string, name: string): number =>
  nova.slot.value.quotas.get(projectId)?.[name] ?? defaultOf(nova, name);

type Resource = "cores" | "instances" | "ram";
export type More = Readonly<Partial<Record<Resource, number>>>;
const RESOURCES = ["cores", "instances", "ram"] as const;

function excess(nova: Nova, projectId: string, more: More): readonly Resource[] {
  const used = nova.slot.value.usage.get(projectId) ?? { instances: 0, cores: 0, ram: 0 };
  return RESOURCES.filter((name) => {
    const limit = quotaOf(nova, projectId, name);
    const wanted = more[name] ?? 0;
    return wanted > 0 && limit >= 0 && used[name] + wanted > limit;
  });
}

function refused(
  nova: Nova,
  projectId: string,
  names: readonly Resource[],
  wanted: (name: Resource) => string,
): Refusal {
  const used = nova.slot.value.usage.get(projectId) ?? { instances: 0, cores: 0, ram: 0 };
  const listed = (of: (name: Resource) => string | number): string => names.map(of).join(", ");
  const limits = listed((name) => quotaOf(nova, projectId, name));
  const message = `Quota exceeded for ${names.join(", ")}: Requested ${listed(wanted)}, but already used ${listed((name) => used[name])} of ${limits} ${names.join(", ")}`;
  return new Refusal(403, "forbidden", message);
}

/** @throws Refusal 403 when the project may not have so much more */
export function checkQuota(nova: Nova, projectId: string, more: More): void {
  const names = excess(nova, projectId, more);
  if (names.length > 0) throw refused(nova, projectId, names, (name) => String(more[name]));
}

/** How many servers of a flavor the project can have, between `min` and `max`. @throws Refusal 403 when not even `min` */
export function affordable(nova: Nova, projectId: string, { vcpus, ram }: Flavor, min: number, max: number): number {
  const more = (count: number): More => ({ instances: count, cores: count * vcpus, ram: count * ram });
  if (excess(nova, projectId, more(min)).length === 0) {
    let [fits, tooMany] = [min, max + 1];
    while (tooMany - fits > 1) {
      const middle = Math.floor((fits + tooMany) / 2);
      if (excess(nova, projectId, more(middle)).length === 0) fits = middle;
      else tooMany = middle;
    }
    return fits;
  }
  const instances = min === max ? String(max) : `${min}-${max}`;
  throw refused(nova, projectId, excess(nova, projectId, more(max)), (name) =>
    name === "instances" ? instances : String(more(max)[name]),
  );
}

const quotasOf = (call: Call, project: string): object =>
  Object.fromEntries(shownNames(call.version).map((name) => [name, quotaOf(call.nova, project, name)]));

/** @throws Refusal 400, 403 */
function projectIn(call: Call, rule: string): string {
  const project = call.params.project ?? "";
  if (!call.actor.isAdmin && project !== call.actor.projectId) throw denied(`os-quota-sets:${rule}`);
  if (call.nova.cloud.identity.project(project) === undefined)
    throw badRequest(`Project ID ${project} is not a valid project.`);
  return project;
}

function detail(call: Call): ReturnType<NovaRoute["handler"]> {
  const project = projectIn(call, "detail");
  const { usage, groups } = call.nova.slot.value;
  const used: Readonly<Record<string, number>> = {
    ...usage.get(project),
    server_groups: [...groups.values()].filter(({ projectId }) => projectId === project).length,
  };
  const each = shownNames(call.version).map((name) => [
    name,
    { limit: quotaOf(call.nova, project, name), in_use: used[name] ?? 0, reserved: 0 },
  ]);
  return ok({ quota_set: { id: project, ...Object.fromEntries(each) } });
}

const VALUE: Schema = {
  type: ["integer", "string"],
  pattern: "^-?[0-9]+$",
  minimum: -1,
  minLength: 1,
  maximum: 2147483647,
};

const wantedBody = (version: number, member: string): Schema =>
  envelope(
    member,
    objectSchema({
      ...Object.fromEntries(shownNames(version).map((name) => [name, VALUE])),
      force: { type: ["boolean", "string"] },
      tenant_id: { type: "string" },
    }),
  );

const numbers = (fields: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(fields as Record<string, unknown>)
      .filter(([name]) => Object.hasOwn(DEFAULTS, name))
      .map(([name, value]) => [name, Number(value)]),
  );

function update(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(call, wantedBody(call.version, "quota_set"));
  admin(call, "os-quota-sets:update");
  const project = projectIn(call, "update");
  const { quotas } = call.nova.slot.value;
  quotas.set(project, { ...quotas.get(project), ...numbers(body.quota_set) });
  return ok({ quota_set: quotasOf(call, project) });
}

const CLASS_HIDDEN = ["server_group_members", "server_groups"];

function classView(call: Call): object {
  const names = shownNames(call.version).filter((name) => call.version >= 50 || !CLASS_HIDDEN.includes(name));
  return Object.fromEntries(names.map((name) => [name, defaultOf(call.nova, name)]));
}

const path = "/os-quota-sets/:project";
const classPath = "/os-quota-class-sets/:class";

export const QUOTA_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path,
    clients: ["openstack"],
    handler: (call) => {
      const project = projectIn(call, "show");
      return ok({ quota_set: { id: project, ...quotasOf(call, project) } });
    },
  },
  {
    method: "GET",
    path: `${path}/defaults`,
    clients: ["openstack"],
    handler: (call) => ok({ quota_set: { id: projectIn(call, "defaults"), ...quotasOf(call, "") } }),
  },
  { method: "GET", path: `${path}/detail`, clients: ["openstack"], handler: detail },
  { method: "PUT", path, clients: ["openstack"], handler: update },
  {
    method: "DELETE",
    path,
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-quota-sets:delete");
      call.nova.slot.value.quotas.delete(projectIn(call, "delete"));
      return nothing(202);
    },
  },
  {
    method: "GET",
    path: classPath,
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-quota-class-sets:show");
      return ok({ quota_class_set: { id: call.params.class, ...classView(call) } });
    },
  },
  {
    method: "PUT",
    path: classPath,
    clients: ["openstack"],
    handler: (call) => {
      const body = checkedBody(call, wantedBody(call.version, "quota_class_set"));
      admin(call, "os-quota-class-sets:update");
      if (call.params.class === "default")
        Object.assign(call.nova.slot.value.quotaClass, numbers(body.quota_class_set));
      return ok({ quota_class_set: classView(call) });
    },
  },
];
