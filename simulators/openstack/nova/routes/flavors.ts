import type { HttpReply } from "../../../kernel/index.ts";
import type { Flavor } from "../state/flavor.ts";
import { addFlavor, canUseFlavor, findFlavor, removeFlavor, replaceFlavor } from "../state/flavors.ts";
import { requireBody } from "../wire/body.ts";
import { badRequest, conflict, notFound, requireAdmin } from "../wire/errors.ts";
import { isTrueWord } from "../wire/formats.ts";
import { links, nextLink } from "../wire/links.ts";
import { checkQuery, pageSize } from "../wire/query.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { BOOLEAN, envelope, objectSchema, since } from "./schemas/parts.ts";
import { sortBy, type SortKey } from "../../paging.ts";
import type { Schema } from "../../schema/schema.ts";

const view = (call: NovaCall, flavor: Flavor): object => ({
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

/** @throws Refusal 404 */
export function requireFlavor(call: NovaCall): Flavor {
  const id = call.params.id ?? "";
  const flavor = findFlavor(call, id);
  if (flavor === undefined) throw notFound(`Flavor ${id} could not be found.`);
  return flavor;
}

const SORT_KEYS: Readonly<Record<string, (flavor: Flavor) => string | number | boolean | null>> = {
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
  sort_key: { type: "string", enum: Object.keys(SORT_KEYS) },
  sort_dir: TEXT,
};

/** Administrators may ask for flavors that are not public, or for both kinds (`none`). */
function publicFilter(call: NovaCall): (flavor: Flavor) => boolean {
  const asked = call.query.get("is_public");
  if (!call.actor.isAdmin || asked === null) return (flavor) => canUseFlavor(call, flavor);
  if (asked.toLowerCase() === "none") return () => true;
  return ({ isPublic }) => isPublic === isTrueWord(asked);
}

function list(call: NovaCall, path: string, shown: (flavor: Flavor) => object): HttpReply {
  checkQuery(call, QUERY, 75);
  const { query, nova } = call;
  const least = (name: "minRam" | "minDisk"): number => {
    const text = query.get(name) ?? "0";
    if (!/^\s*[+-]?\d+\s*$/.test(text)) throw badRequest(`Invalid ${name} filter [${text}]`);
    return Number(text);
  };
  const [ram, disk] = [least("minRam"), least("minDisk")];
  const isShown = publicFilter(call);
  const dir = query.get("sort_dir") === "desc" ? "desc" : "asc";
  const order: SortKey<Flavor>[] = [[SORT_KEYS[query.get("sort_key") ?? "flavorid"] ?? (() => null), dir]];
  const found = [...nova.slot.value.flavors.values()].filter(
    (flavor) => isShown(flavor) && flavor.ram >= ram && flavor.disk >= disk,
  );
  const sorted = sortBy(found, order);
  const marker = query.get("marker");
  const start = marker === null ? 0 : sorted.findIndex(({ id }) => id === marker) + 1;
  if (marker !== null && start === 0) throw badRequest(`marker [${marker}] not found`);
  const limit = pageSize(call);
  const page = sorted.slice(start, start + limit);
  const last = page.at(-1);
  const more = query.has("limit") && page.length === limit && last !== undefined;
  return ok({ flavors: page.map(shown), ...(more && { flavors_links: nextLink(call, path, last.id) }) });
}

const countSchema = (minimum: number) =>
  ({
    type: ["integer", "string"],
    pattern: "^[0-9]+$",
    minimum,
    maximum: 2147483647,
  }) as const;

const DESCRIPTION = { type: ["string", "null"], maxLength: 65535 } as const satisfies Schema;

const createSchema = (version: number) =>
  envelope(
    "flavor",
    objectSchema(
      {
        name: { type: "string", minLength: 1, maxLength: 255, format: "name" },
        id: { type: ["string", "number", "null"], minLength: 0, maxLength: 255, pattern: "^[a-zA-Z0-9. _-]*$" },
        ram: countSchema(1),
        vcpus: countSchema(1),
        disk: countSchema(0),
        "OS-FLV-EXT-DATA:ephemeral": countSchema(0),
        swap: countSchema(0),
        rxtx_factor: { type: ["number", "string"], pattern: "^[0-9]+(\\.[0-9]+)?$", minimum: 0 },
        "os-flavor-access:is_public": BOOLEAN,
        ...since(version, 55, { description: DESCRIPTION }),
      },
      ["name", "ram", "vcpus", "disk"],
    ),
  );

function create(call: NovaCall): HttpReply {
  const wanted = requireBody(call, createSchema(call.version)).flavor;
  requireAdmin(call, "os-flavor-manage:create");
  const { flavorNames, flavors } = call.nova.slot.value;
  const isChosen = wanted.id !== undefined && wanted.id !== null && wanted.id !== "auto";
  if (flavorNames.has(wanted.name)) throw conflict(`Flavor with name ${wanted.name} already exists.`);
  if (isChosen && flavors.has(String(wanted.id))) throw conflict(`Flavor with ID ${wanted.id} already exists.`);
  const flavor = addFlavor(call.nova, {
    ...(isChosen && { id: String(wanted.id) }),
    name: wanted.name,
    ram: Number(wanted.ram),
    vcpus: Number(wanted.vcpus),
    disk: Number(wanted.disk),
    ephemeral: Number(wanted["OS-FLV-EXT-DATA:ephemeral"] ?? 0),
    swap: Number(wanted.swap ?? 0),
    rxtx: Number(wanted.rxtx_factor ?? 1),
    isPublic: isTrueWord(wanted["os-flavor-access:is_public"] ?? true),
    description: wanted.description ?? null,
  });
  return ok({ flavor: view(call, flavor) });
}

function describe(call: NovaCall): HttpReply {
  const body = requireBody(call, envelope("flavor", objectSchema({ description: DESCRIPTION }, ["description"])));
  requireAdmin(call, "os-flavor-manage:update");
  const flavor = replaceFlavor(call.nova, requireFlavor(call), { description: body.flavor.description });
  return ok({ flavor: view(call, flavor) });
}

function remove(call: NovaCall): HttpReply {
  requireAdmin(call, "os-flavor-manage:delete");
  removeFlavor(call.nova, requireFlavor(call));
  return emptyReply(202);
}

/** The path of one flavor. */
export const FLAVOR_PATH = "/flavors/:id";

/** Routes of the API reference, "Flavors". */
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
  {
    method: "GET",
    path: FLAVOR_PATH,
    clients: ["openstack"],
    handler: (call) => ok({ flavor: view(call, requireFlavor(call)) }),
  },
  { method: "PUT", path: FLAVOR_PATH, from: 55, clients: ["openstack"], handler: describe },
  { method: "DELETE", path: FLAVOR_PATH, clients: ["openstack"], handler: remove },
];
