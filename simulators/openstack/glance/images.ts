import { type HttpReply, json, own } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import { isoSeconds } from "../time.ts";
import { checkImage, IMAGE } from "./schemas.ts";
import { type Glance, type ImageRow, imageOf, ownImage, owns, touch } from "./state.ts";
import { bodyOf, emptied, needType } from "./style.ts";

type Fields = Readonly<Record<string, unknown>>;

export function view(row: ImageRow): Record<string, unknown> {
  const isSized = row.size !== null && row.size > 0 && row.status === "active";
  return {
    ...row.properties,
    name: row.name,
    disk_format: row.diskFormat,
    container_format: row.containerFormat,
    visibility: row.visibility,
    size: row.size,
    virtual_size: isSized && row.diskFormat === "raw" && row.containerFormat === "bare" ? row.size : null,
    status: row.status,
    checksum: row.checksum,
    protected: row.isProtected,
    min_ram: row.minRamMb,
    min_disk: row.minDiskGb,
    owner: row.projectId,
    os_hidden: row.isHidden,
    os_hash_algo: row.sha512 === null ? null : "sha512",
    os_hash_value: row.sha512,
    id: row.id,
    created_at: isoSeconds(row.createdMs),
    updated_at: isoSeconds(row.updatedMs),
    tags: row.tags,
    self: `/v2/images/${row.id}`,
    file: `/v2/images/${row.id}/file`,
    schema: "/v2/schemas/image",
  };
}

const RESERVED = ["locations", "deleted", "deleted_at", "direct_url"];
const isReadOnly = (name: string): boolean =>
  (IMAGE.properties as Readonly<Record<string, { readonly readOnly?: true }>>)[name]?.readOnly === true;
/** What an image has by itself; other members of a body are custom properties. */
const isBase = (name: string): boolean => Object.hasOwn(IMAGE.properties, name);

/** @throws Refusal 403 */
function checkNames(names: readonly string[]): void {
  for (const name of names) {
    if (isReadOnly(name) && !RESERVED.includes(name)) throw new Refusal(403, "", `Attribute '${name}' is read-only.`);
    if (RESERVED.includes(name) || name.startsWith("os_glance_"))
      throw new Refusal(403, "", `Attribute '${name}' is reserved.`);
  }
}

/** @throws Refusal 400, 403 */
function checkValues(actor: Actor, fields: Fields): void {
  for (const name of ["min_disk", "min_ram"])
    if (typeof fields[name] === "number" && fields[name] < 0)
      throw new Refusal(400, "", `Invalid value '${fields[name]}' for parameter '${name}': Cannot be a negative value`);
  if (actor.isAdmin) return;
  if (fields.visibility === "public")
    throw new Refusal(403, "", "You are not authorized to complete publicize_image action.");
  if (fields.owner !== undefined && fields.owner !== actor.projectId)
    throw new Refusal(403, "", `You are not permitted to create images owned by '${String(fields.owner)}'.`);
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

export function make(glance: Glance, projectId: string, fields: Fields): ImageRow {
  const { kernel } = glance.cloud;
  const state = glance.slot.value;
  const custom = Object.entries(fields).filter(([name, value]) => !isBase(name) && value !== undefined);
  const row: ImageRow = {
    id: text(fields.id) ?? glance.cloud.uuid("glance"),
    seq: ++state.made,
    projectId: text(fields.owner) ?? projectId,
    name: text(fields.name),
    status: "queued",
    visibility: text(fields.visibility) ?? "shared",
    diskFormat: text(fields.disk_format),
    containerFormat: text(fields.container_format),
    minDiskGb: Number(fields.min_disk ?? 0),
    minRamMb: Number(fields.min_ram ?? 0),
    isProtected: fields.protected === true,
    isHidden: fields.os_hidden === true,
    tags: [...new Set((fields.tags as readonly string[] | undefined) ?? [])],
    size: null,
    checksum: null,
    sha512: null,
    createdMs: kernel.nowMs,
    updatedMs: kernel.nowMs,
    properties: Object.fromEntries(custom.map(([name, value]) => [name, String(value)])),
    members: [],
    data: null,
    staged: null,
  };
  state.images.set(row.id, row);
  state.usedIds.add(row.id);
  kernel.record("glance", "image.create", row.id, { project: row.projectId, name: row.name });
  return row;
}

export const IMPORT_METHODS = ["glance-direct", "web-download", "copy-image"];

function create(glance: Glance, context: Context): HttpReply {
  const body = bodyOf(context);
  // The service trips over a list.
  if (Array.isArray(body))
    throw new Refusal(500, "", "The server has either erred or is incapable of performing the requested operation.");
  const fields = body as Fields;
  checkNames(Object.keys(fields));
  checkImage(fields);
  checkValues(context.actor, fields);
  if (typeof fields.id === "string" && glance.slot.value.usedIds.has(fields.id))
    throw new Refusal(409, "", `Image ID ${fields.id} already exists!`);
  const row = make(glance, context.actor.projectId, fields);
  return json(201, view(row), {
    Location: `${context.cloud.root("image", context.request)}/v2/images/${row.id}`,
    "OpenStack-image-import-methods": IMPORT_METHODS.join(","),
  });
}

const PATCH_TYPES = ["application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch"];

interface Change {
  readonly op: "add" | "replace" | "remove";
  readonly name: string;
  readonly value: unknown;
}

const conflict = (detail: string): Refusal =>
  new Refusal(409, "", "There was a conflict when trying to complete your request.", { members: { detail } });

/** @throws Refusal 400, 403 */
function changeOf(operation: unknown): Change {
  const given = (typeof operation === "object" && operation !== null ? operation : {}) as Fields;
  const old = ["add", "replace", "remove"].find((name) => typeof given[name] === "string");
  const op = given.op ?? old;
  const path = given.path ?? (old === undefined ? undefined : given[old]);
  if (op !== "add" && op !== "replace" && op !== "remove")
    throw new Refusal(
      400,
      "",
      `Operations must be JSON objects.: unknown operation ${JSON.stringify(given.op ?? null)}`,
    );
  if (typeof path !== "string") throw new Refusal(400, "", "Unable to find '/path' in JSON Schema change");
  if (!path.startsWith("/")) throw new Refusal(400, "", `Pointer \`${path}\` does not start with "/".`);
  const [name = "", ...deeper] = path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (deeper.length > 0) throw new Refusal(400, "", `Invalid JSON pointer for this resource: '${path}'`);
  if (op !== "remove" && given.value === undefined)
    throw new Refusal(400, "", `Operation "${op}" requires a member named "value".`);
  checkNames([name]);
  if (name === "id") throw new Refusal(403, "", `Attribute 'id' is read-only.`);
  if (op !== "remove") checkImage({ [name]: given.value });
  return { op, name, value: given.value };
}

const FIELDS: Readonly<Record<string, keyof ImageRow>> = {
  name: "name",
  visibility: "visibility",
  disk_format: "diskFormat",
  container_format: "containerFormat",
  min_disk: "minDiskGb",
  min_ram: "minRamMb",
  protected: "isProtected",
  os_hidden: "isHidden",
  tags: "tags",
  owner: "projectId",
};

/** @throws Refusal 403, 409 */
function apply(row: ImageRow, { op, name, value }: Change): void {
  const field = own(FIELDS, name);
  if (field !== undefined) {
    if (op === "remove") throw new Refusal(403, "", `Property ${name} may not be removed.`);
    if (["disk_format", "container_format"].includes(name) && row.status !== "queued")
      throw new Refusal(403, "", `Attribute ${name} can be only replaced for a queued image.`);
    Object.assign(row, { [field]: name === "tags" ? [...new Set(value as string[])] : value });
    return;
  }
  const isKnown = Object.hasOwn(row.properties, name);
  if (op !== "add" && !isKnown) throw conflict(`Property ${name} does not exist.`);
  if (op === "add" && isKnown) throw conflict(`Property ${name} already present.`);
  const others = Object.entries(row.properties).filter(([key]) => key !== name);
  row.properties = Object.fromEntries(op === "remove" ? others : [...others, [name, String(value)]]);
}

function patch(glance: Glance, context: Context): HttpReply {
  const { actor, params } = context;
  needType(context, PATCH_TYPES, { "Accept-Patch": `${PATCH_TYPES[0]},${PATCH_TYPES[1]}` });
  const body = bodyOf(context);
  if (!Array.isArray(body)) throw new Refusal(400, "", "Request body must be a JSON array of operation objects.");
  const changes = body.map(changeOf);
  const row = ownImage(glance, actor, params.id ?? "");
  for (const { name, value } of changes) checkValues(actor, { [name]: value });
  const trial = { ...row };
  for (const change of changes) apply(trial, change);
  Object.assign(row, trial);
  touch(glance, row);
  glance.cloud.kernel.record("glance", "image.update", row.id, { names: changes.map(({ name }) => name) });
  return json(200, view(row));
}

/** @throws Refusal 403, 404 */
export function removeImage(glance: Glance, actor: Actor, id: string): void {
  const row = glance.slot.value.images.get(id);
  if (row === undefined || !(owns(actor, row) || sharesWith(actor, row)))
    throw new Refusal(404, "", `Failed to find image ${id} to delete`);
  ownImage(glance, actor, id);
  if (row.isProtected) throw new Refusal(403, "", `Image ${id} is protected and cannot be deleted.`);
  glance.slot.value.images.delete(id);
  glance.cloud.kernel.record("glance", "image.delete", id);
}

const sharesWith = (actor: Actor, row: ImageRow): boolean =>
  row.visibility === "public" || row.visibility === "community" || row.members.some(({ id }) => id === actor.projectId);

/** @throws Refusal 404 */
function tagged(glance: Glance, { actor, params }: Context): ImageRow {
  const row = glance.slot.value.images.get(params.id ?? "");
  if (row === undefined || !owns(actor, row)) throw new Refusal(404, "", `Image ${params.id} not found.`);
  return row;
}

export const imageRoutes = (glance: Glance): readonly OpenStackRoute[] => [
  { method: "POST", path: "/v2/images", clients: ["bosh", "openstack"], handler: (context) => create(glance, context) },
  {
    method: "GET",
    path: "/v2/images/:id",
    clients: ["bosh", "openstack"],
    handler: ({ actor, params }) => json(200, view(imageOf(glance, actor, params.id ?? ""))),
  },
  { method: "PATCH", path: "/v2/images/:id", clients: ["openstack"], handler: (context) => patch(glance, context) },
  {
    method: "DELETE",
    path: "/v2/images/:id",
    clients: ["bosh", "openstack"],
    handler: ({ actor, params }) => {
      removeImage(glance, actor, params.id ?? "");
      return emptied(204);
    },
  },
  {
    method: "PUT",
    path: "/v2/images/:id/tags/:tag",
    clients: ["openstack"],
    handler: (context) => {
      const tag = context.params.tag ?? "";
      checkImage({ tags: [tag] });
      const row = tagged(glance, context);
      row.tags = [...new Set([...row.tags, tag])];
      touch(glance, row);
      return emptied(204);
    },
  },
  {
    method: "DELETE",
    path: "/v2/images/:id/tags/:tag",
    clients: ["openstack"],
    handler: (context) => {
      const row = tagged(glance, context);
      if (!row.tags.includes(context.params.tag ?? "")) throw new Refusal(404, "", "The resource could not be found.");
      row.tags = row.tags.filter((tag) => tag !== context.params.tag);
      touch(glance, row);
      return emptied(204);
    },
  },
];
