import { type HttpReply, json, own, isObject } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { uniqueTags } from "../behaviour/images.ts";
import { type Glance, type ImageRow, requireOwnImage, touch } from "../state.ts";
import { checkNames, checkValues } from "../wire/attributes.ts";
import { readBody, requireType } from "../wire/body.ts";
import { imageView } from "../wire/image.ts";
import { checkImage } from "../wire/schemas.ts";

/** Changes of an image by JSON patch (Image API v2, "update image"). */
export const imageUpdateRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [["PATCH", "/v2/images/:id", update, { clients: ["openstack"] }]]);

const PATCH_TYPES = ["application/openstack-images-v2.1-json-patch", "application/openstack-images-v2.0-json-patch"];

const OPERATIONS = ["add", "replace", "remove"] as const;

interface Change {
  readonly op: "add" | "replace" | "remove";
  readonly name: string;
  readonly value: unknown;
}

const conflict = (detail: string): Refusal =>
  new Refusal(409, "", "There was a conflict when trying to complete your request.", { members: { detail } });

/** One operation of the patch, checked. @throws Refusal 400, 403 */
function parseChange(operation: unknown, isOldForm: boolean): Change {
  if (!isObject(operation)) throw new Refusal(400, "", "Operations must be JSON objects.");
  const given = operation;
  // The older form of the patch: {"replace": "/name", "value": …}.
  const names = OPERATIONS.filter((name) => Object.hasOwn(given, name));
  if (isOldForm && names.length !== 1)
    throw new Refusal(
      400,
      "",
      'Operation objects must contain exactly one member named "add", "remove", or "replace".',
    );
  const old = isOldForm ? names[0] : undefined;
  const op = old ?? given.op;
  if (op === undefined) throw new Refusal(400, "", "Unable to find 'op' in JSON Schema change");
  if (op !== "add" && op !== "replace" && op !== "remove")
    throw new Refusal(
      400,
      "",
      `Invalid operation: \`${String(op)}\`. It must be one of the following: add, remove, replace.`,
    );
  const name = parsePointer(given.path ?? (old === undefined ? undefined : given[old]));
  if (op !== "remove" && given.value === undefined)
    throw new Refusal(400, "", `Operation "${op}" requires a member named "value".`);
  if (name === "locations")
    throw new Refusal(403, "", `It's not allowed to ${op} locations if locations are invisible.`);
  checkNames([name]);
  if (name === "id") throw new Refusal(403, "", `Attribute 'id' is read-only.`);
  if (op !== "remove") checkImage({ [name]: given.value });
  return { op, name, value: given.value };
}

/** The attribute that a JSON pointer leads to: it may go no deeper. @throws Refusal 400 */
function parsePointer(path: unknown): string {
  if (typeof path !== "string") throw new Refusal(400, "", "Unable to find '/path' in JSON Schema change");
  if (!path.startsWith("/")) throw new Refusal(400, "", `Pointer \`${path}\` does not start with "/".`);
  const [name = "", ...deeper] = path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (deeper.length > 0 && name !== "locations")
    throw new Refusal(400, "", `Invalid JSON pointer for this resource: '${path}'`);
  return name;
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
function apply(row: ImageRow, change: Change): void {
  const field = own(FIELDS, change.name);
  if (field === undefined) changeProperty(row, change);
  else changeField(row, field, change);
}

function changeField(row: ImageRow, field: keyof ImageRow, { op, name, value }: Change): void {
  if (op === "remove") throw new Refusal(403, "", `Property ${name} may not be removed.`);
  if (["disk_format", "container_format"].includes(name) && row.status !== "queued")
    throw new Refusal(403, "", `Attribute ${name} can be only replaced for a queued image.`);
  Object.assign(row, { [field]: name === "tags" ? uniqueTags(value) : value });
}

function changeProperty(row: ImageRow, { op, name, value }: Change): void {
  const isKnown = Object.hasOwn(row.properties, name);
  if (op !== "add" && !isKnown) throw conflict(`Property ${name} does not exist.`);
  if (op === "add" && isKnown) throw conflict(`Property ${name} already present.`);
  const others = Object.entries(row.properties).filter(([key]) => key !== name);
  row.properties = Object.fromEntries(op === "remove" ? others : [...others, [name, String(value)]]);
}

/** Applies all of the operations, or none. */
function update(glance: Glance, context: RequestContext): HttpReply {
  const { actor, params } = context;
  requireType(context, PATCH_TYPES, { "Accept-Patch": PATCH_TYPES.toSorted().join(", ") });
  const body = readBody(context);
  if (!Array.isArray(body)) throw new Refusal(400, "", "Request body must be a JSON array of operation objects.");
  const isOldForm = /v2\.0-json-patch/.test(context.request.headers["content-type"] ?? "");
  const changes = body.map((operation) => parseChange(operation, isOldForm));
  const row = requireOwnImage(glance, actor, params.id ?? "");
  for (const { name, value } of changes) checkValues(actor, { [name]: value });
  const trial = { ...row };
  for (const change of changes) apply(trial, change);
  Object.assign(row, trial);
  touch(glance, row);
  glance.cloud.kernel.record("glance", "image.update", row.id, { names: changes.map(({ name }) => name) });
  return json(200, imageView(row));
}
