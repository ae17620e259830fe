import { type SortKey, sortedBy } from "../paging.ts";
import type { Schema } from "../schema/index.ts";
import {
  admin,
  badRequest,
  type Call,
  checkedBody,
  checkQuery,
  conflict,
  limitOf,
  links,
  nextLink,
  type NovaRoute,
  nothing,
  notFound,
  ok,
} from "./call.ts";
import { isTrue } from "./create.ts";
import { BOOLEAN, envelope, objectSchema } from "./schemas.ts";
import type { Flavor, Nova } from "./state.ts";

export interface NewFlavor {
  readonly id?: string;
  readonly name: string;
  readonly ram: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly ephemeral?: number;
  readonly swap?: number;
  readonly rxtx?: number;
  readonly isPublic?: boolean;
  readonly description?: string | null;
}

export function addFlavor(nova: Nova, wanted: NewFlavor): Flavor {
  const state = nova.slot.value;
  const flavor: Flavor = {
    id: wanted.id ?? nova.cloud.uuid("nova"),
    name: wanted.name,
    ram: wanted.ram,
    vcpus: wanted.vcpus,
    disk: wanted.disk,
    ephemeral: wanted.ephemeral ?? 0,
    swap: wanted.swap ?? 0,
    rxtx: wanted.rxtx ?? 1,
    isPublic: wanted.isPublic ?? true,
    isDisabled: false,
    description: wanted.description ?? null,
    extraSpecs: {},
    createdMs: nova.cloud.kernel.nowMs,
    seq: ++state.flavorsMade,
  };
  state.flavors.set(flavor.id, flavor);
  state.flavorNames.set(flavor.name, flavor.id);
  nova.cloud.kernel.record("nova", "flavor.create", flavor.id, { name: flavor.name });
  return flavor;
}

const view = (call: Call, flavor: Flavor): object => ({
  id: flavor.id,
  name: flavor.name,
  ram: flavor.ram,
  disk: flavor.disk,
  swap: flavor.swap === 0 && call.version < 75 ? "" : flavor.swap,
  "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral,
  "OS-FLV-DISABLED:disabled": flavor.isDisabled,
  vcpus: flavor.vcpus,
  "os-flavor-access:is_public": flavor.isPublic,
  rxtx_factor: flavor.rxtx,
  links: links(call, "flavors", flavor.id),
  ...(call.version >= 55 && { description: flavor.description }),
  ...(call.version >= 61 && { extra_specs: flavor.extraSpecs }),
});

const mayUse = ({ nova, actor }: Call, flavor: Flavor): boolean =>
  flavor.isPublic || nova.slot.value.flavorAccess.get(flavor.id)?.has(actor.projectId) === true;

/** A flavor that the caller may use. */
export function findFlavor(call: Call, id: string): Flavor | undefined {
  const flavor = call.nova.slot.value.flavors.get(id);
  return flavor !== undefined && (call.actor.isAdmin || mayUse(call, flavor)) ? flavor : undefined;
}

/** @throws Refusal 404 */
function flavorOf(call: Call): Flavor {
  const id = call.params.id ?? "";
  const flavor = findFlavor(call, id);
  if (flavor === undefined) throw notFound(`Flavor ${id} could not be found.`);
  return flavor;
}

const SORT: Readonly<Record<string, (flavor: Flavor) => string | number | boolean | null>> = {
  created_at: ({ seq }) => seq,
  description: ({ description }) => description,
  disabled: ({ isDisabled }) => isDisabled,
  ephemeral_gb: ({ ephemeral }) => ephemeral,
  flavorid: ({ id }) => id,
  id: ({ seq }) => seq,
  is_public: ({ isPublic }) => isPublic,
  memory_mb: ({ ram }) => ram,
  name: ({ name }) => name,
  root_gb: ({ disk }) => disk,
  rxtx_factor: ({ rxtx }) => rxtx,
  swap: ({ swap }) => swap,
  updated_at: () => null,
  vcpu_weight: () => 0,
  vcpus: ({ vcpus }) => vcpus,
};
const TEXT: Schema = { type: "string" };
const QUERY: Readonly<Record<string, Schema>> = {
  limit: { type: "string", pattern: "^[0-9]*$" },
  marker: TEXT,
  is_public: TEXT,
  minRam: TEXT,
  minDisk: TEXT,
  sort_key: { type: "string", enum: Object.keys(SORT) },
  sort_dir: TEXT,
};

/** Administrators may ask for those that are not public, or for both (`none`). */
function publicFilter(call: Call): (flavor: Flavor) => boolean {
  const asked = call.query.get("is_public");
  if (!call.actor.isAdmin || asked === null) return (flavor) => mayUse(call, flavor);
  if (asked.toLowerCase() === "none") return () => true;
  return ({ isPublic }) => isPublic === isTrue(asked);
}

function list(call: Call, path: string, shown: (flavor: Flavor) => object): ReturnType<NovaRoute["handler"]> {
  checkQuery(call, QUERY, 75);
  const { query, nova } = call;
  const least = (name: "minRam" | "minDisk"): number => {
    const text = query.get(name) ?? "0";
    if (!/^\d+$/.test(text)) throw badRequest(`Invalid ${name} filter [${text}]`);
    return Number(text);
  };
  const [ram, disk] = [least("minRam"), least("minDisk")];
  const isShown = publicFilter(call);
  const dir = query.get("sort_dir") === "desc" ? "desc" : "asc";
  const order: SortKey<Flavor>[] = [[SORT[query.get("sort_key") ?? "flavorid"] ?? (() => null), dir]];
  const found = [...nova.slot.value.flavors.values()].filter(
    (flavor) => isShown(flavor) && flavor.ram >= ram && flavor.disk >= disk,
  );
  const sorted = sortedBy(found, order);
  const marker = query.get("marker");
  const start = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  const limit = limitOf(call);
  const page = sorted.slice(start, start + limit);
  const last = page.at(-1);
  const more = query.has("limit") && page.length === limit && last !== undefined;
  return ok({ flavors: page.map(shown), ...(more && { flavors_links: nextLink(call, path, last.id) }) });
}

const count = (minimum: number): Schema => ({
  type: ["integer", "string"],
  pattern: "^[0-9]+$",
  minimum,
  maximum: 2147483647,
});
const createSchema = (version: number): Schema =>
  envelope(
    "flavor",
    objectSchema(
      {
        name: { type: "string", minLength: 1, maxLength: 255, format: "name" },
        id: { type: ["string", "number", "null"], minLength: 0, maxLength: 255, pattern: "^[a-zA-Z0-9. _-]*$" },
        ram: count(1),
        vcpus: count(1),
        disk: count(0),
        "OS-FLV-EXT-DATA:ephemeral": count(0),
        swap: count(0),
        rxtx_factor: { type: ["number", "string"], pattern: "^[0-9]+(\\.[0-9]+)?$", minimum: 0 },
        "os-flavor-access:is_public": BOOLEAN,
        ...(version >= 55 && { description: { type: ["string", "null"], maxLength: 65535 } }),
      },
      ["name", "ram", "vcpus", "disk"],
    ),
  );

function create(call: Call): ReturnType<NovaRoute["handler"]> {
  const wanted = checkedBody(call, createSchema(call.version)).flavor as Record<string, string | number | undefined>;
  admin(call, "os-flavor-manage:create");
  const { flavorNames, flavors } = call.nova.slot.value;
  const isChosen = wanted.id !== undefined && wanted.id !== null && wanted.id !== "auto";
  if (flavorNames.has(String(wanted.name))) throw conflict(`Flavor with name ${wanted.name} already exists.`);
  if (isChosen && flavors.has(String(wanted.id))) throw conflict(`Flavor with ID ${wanted.id} already exists.`);
  const flavor = addFlavor(call.nova, {
    ...(isChosen && { id: String(wanted.id) }),
    name: String(wanted.name),
    ram: Number(wanted.ram),
    vcpus: Number(wanted.vcpus),
    disk: Number(wanted.disk),
    ephemeral: Number(wanted["OS-FLV-EXT-DATA:ephemeral"] ?? 0),
    swap: Number(wanted.swap ?? 0),
    rxtx: Number(wanted.rxtx_factor ?? 1),
    isPublic: isTrue(wanted["os-flavor-access:is_public"] ?? true),
    description: (wanted.description as string | undefined) ?? null,
  });
  return ok({ flavor: view(call, flavor) });
}

/** Servers keep the flavor that they were made with: a change makes a new one. */
function replace(call: Call, flavor: Flavor, change: Partial<Flavor>): Flavor {
  const next = { ...flavor, ...change };
  call.nova.slot.value.flavors.set(flavor.id, next);
  return next;
}

function describe(call: Call): ReturnType<NovaRoute["handler"]> {
  const description: Schema = { type: ["string", "null"], maxLength: 65535 };
  const body = checkedBody(call, envelope("flavor", objectSchema({ description }, ["description"])));
  admin(call, "os-flavor-manage:update");
  const flavor = replace(call, flavorOf(call), body.flavor as { description: string | null });
  return ok({ flavor: view(call, flavor) });
}

function setSpecs(call: Call): ReturnType<NovaRoute["handler"]> {
  const value: Schema = { type: ["string", "number"], maxLength: 255 };
  const specs: Schema = {
    type: "object",
    patternProperties: { "^[a-zA-Z0-9-_:. ]{1,255}$": value },
    additionalProperties: false,
  };
  const { extra_specs: wanted } = checkedBody(call, envelope("extra_specs", specs)) as {
    extra_specs: Record<string, string | number>;
  };
  admin(call, "os-flavor-extra-specs:create");
  const flavor = flavorOf(call);
  const texts = Object.fromEntries(Object.entries(wanted).map(([name, each]) => [name, String(each)]));
  replace(call, flavor, { extraSpecs: { ...flavor.extraSpecs, ...texts } });
  return ok({ extra_specs: wanted });
}

/** @throws Refusal 404 */
function specOf(call: Call): { readonly flavor: Flavor; readonly key: string; readonly value: string } {
  const flavor = flavorOf(call);
  const key = call.params.key ?? "";
  const value = flavor.extraSpecs[key];
  if (value === undefined) throw notFound(`Flavor ${flavor.id} has no extra specs with key ${key}.`);
  return { flavor, key, value };
}

function setSpec(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(call, { type: "object", minProperties: 1, maxProperties: 1 });
  admin(call, "os-flavor-extra-specs:update");
  const flavor = flavorOf(call);
  const key = call.params.key ?? "";
  if (!Object.hasOwn(body, key)) throw badRequest("Request body and URI mismatch");
  replace(call, flavor, { extraSpecs: { ...flavor.extraSpecs, [key]: String(body[key]) } });
  return ok({ [key]: body[key] });
}

function removeSpec(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-flavor-extra-specs:delete");
  const { flavor, key } = specOf(call);
  const extraSpecs = Object.fromEntries(Object.entries(flavor.extraSpecs).filter(([name]) => name !== key));
  replace(call, flavor, { extraSpecs });
  return nothing(200);
}

const accessView = ({ nova }: Call, { id }: Flavor): object => ({
  flavor_access: [...(nova.slot.value.flavorAccess.get(id) ?? [])].map((tenant) => ({
    flavor_id: id,
    tenant_id: tenant,
  })),
});

function changeAccess(call: Call): ReturnType<NovaRoute["handler"]> {
  const body = checkedBody(call, { type: "object" }) as Record<string, { tenant?: string }>;
  const [name = ""] = Object.keys(body);
  if (name !== "addTenantAccess" && name !== "removeTenantAccess") throw badRequest(`There is no such action: ${name}`);
  admin(call, `os-flavor-access:${name === "addTenantAccess" ? "add" : "remove"}_tenant_access`);
  const flavor = flavorOf(call);
  const tenant = String(body[name]?.tenant ?? "");
  const { flavorAccess } = call.nova.slot.value;
  const allowed = flavorAccess.get(flavor.id) ?? new Set<string>();
  if (name === "addTenantAccess") {
    if (flavor.isPublic) throw conflict("Can not add access to a public flavor.");
    if (allowed.has(tenant))
      throw conflict(`Flavor access already exists for flavor ${flavor.id} and project ${tenant} combination.`);
    allowed.add(tenant);
  } else if (!allowed.delete(tenant))
    throw notFound(`Flavor access not found for ${flavor.id} / ${tenant} combination.`);
  flavorAccess.set(flavor.id, allowed);
  return ok(accessView(call, flavor));
}

function remove(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-flavor-manage:delete");
  const flavor = flavorOf(call);
  const { flavors, flavorNames, flavorAccess } = call.nova.slot.value;
  flavors.delete(flavor.id);
  flavorNames.delete(flavor.name);
  flavorAccess.delete(flavor.id);
  call.nova.cloud.kernel.record("nova", "flavor.delete", flavor.id);
  return nothing(202);
}

const item = "/flavors/:id";

export const FLAVOR_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/flavors",
    clients: ["bosh", "openstack"],
    handler: (call) =>
      list(call, "/flavors", ({ id, name, description }) => ({
        id,
        name,
        links: links(call, "flavors", id),
        ...(call.version >= 55 && { description }),
      })),
  },
  {
    method: "GET",
    path: "/flavors/detail",
    clients: ["bosh", "openstack"],
    handler: (call) => list(call, "/flavors/detail", (flavor) => view(call, flavor)),
  },
  { method: "POST", path: "/flavors", clients: ["openstack"], handler: create },
  { method: "GET", path: item, clients: ["openstack"], handler: (call) => ok({ flavor: view(call, flavorOf(call)) }) },
  { method: "PUT", path: item, from: 55, clients: ["openstack"], handler: describe },
  { method: "DELETE", path: item, clients: ["openstack"], handler: remove },
  { method: "POST", path: `${item}/action`, clients: ["openstack"], handler: changeAccess },
  {
    method: "GET",
    path: `${item}/os-flavor-access`,
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-flavor-access");
      const flavor = flavorOf(call);
      if (flavor.isPublic) throw notFound("Access list not available for public flavors.");
      return ok(accessView(call, flavor));
    },
  },
  {
    method: "GET",
    path: `${item}/os-extra_specs`,
    clients: ["openstack"],
    handler: (call) => ok({ extra_specs: flavorOf(call).extraSpecs }),
  },
  { method: "POST", path: `${item}/os-extra_specs`, clients: ["openstack"], handler: setSpecs },
  {
    method: "GET",
    path: `${item}/os-extra_specs/:key`,
    handler: (call) => {
      const { key, value } = specOf(call);
      return ok({ [key]: value });
    },
  },
  { method: "PUT", path: `${item}/os-extra_specs/:key`, handler: setSpec },
  { method: "DELETE", path: `${item}/os-extra_specs/:key`, clients: ["openstack"], handler: removeSpec },
];
