import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { bodyJson, empty, json, type HttpReply, type Service, type Slot } from "../../kernel/index.ts";
import type { Actor, Cloud, ImageOps, ImageView } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import { type Context, type OpenStackRoute, openStackService, type Style } from "../common/service.ts";
import { isoSeconds } from "../common/time.ts";

interface ImageRow {
  readonly id: string;
  readonly projectId: string;
  name: string | null;
  status: "queued" | "saving" | "active" | "deactivated";
  visibility: string;
  diskFormat: string | null;
  containerFormat: string | null;
  minDiskGb: number;
  minRamMb: number;
  isProtected: boolean;
  size: number | null;
  checksum: string | null;
  sha512: string | null;
  readonly createdMs: number;
  updatedMs: number;
  properties: Readonly<Record<string, string>>;
  /** Small data is kept, so that it can be downloaded; of large data only size and digests are. */
  data: Uint8Array | null;
}

export interface GlanceState {
  readonly images: Map<string, ImageRow>;
}

interface Glance {
  readonly cloud: Cloud;
  readonly slot: Slot<GlanceState>;
}

export interface GlanceService {
  readonly service: Service;
  readonly ops: ImageOps;
  state(): GlanceState;
}

const DATA_BYTES_KEPT_MAX = 1024 * 1024;
const UPLOAD_BYTES_MAX = 64 * 1024 ** 3;

interface Received {
  readonly size: number;
  readonly checksum: string;
  readonly sha512: string;
  readonly data: Uint8Array | null;
}

/** Digests a stream as it flows; memory stays flat whatever its size. */
async function receive(stream: Readable): Promise<Received> {
  const [md5, sha512] = [createHash("md5"), createHash("sha512")];
  let kept: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Uint8Array;
    md5.update(bytes);
    sha512.update(bytes);
    size += bytes.length;
    if (size > DATA_BYTES_KEPT_MAX) kept = undefined;
    kept?.push(bytes);
  }
  return {
    size,
    checksum: md5.digest("hex"),
    sha512: sha512.digest("hex"),
    data: kept === undefined ? null : new Uint8Array(Buffer.concat(kept)),
  };
}

function digested(body: string | Uint8Array): Received {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  return {
    size: bytes.length,
    checksum: createHash("md5").update(bytes).digest("hex"),
    sha512: createHash("sha512").update(bytes).digest("hex"),
    data: new Uint8Array(bytes),
  };
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Request Entity Too Large",
};

const webob = (status: number, message: string, headers: Readonly<Record<string, string>> = {}): HttpReply =>
  json(
    status,
    { message: `${message}<br /><br />\n\n\n`, code: `${status} ${TITLES[status] ?? ""}`, title: TITLES[status] ?? "" },
    headers,
  );

const UNAUTHORIZED =
  "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.";

const STYLE: Style = {
  refuse: ({ status, message }) => webob(status, message),
  unauthenticated: ({ cloud, request }) =>
    webob(401, UNAUTHORIZED, { "WWW-Authenticate": `Keystone uri="${cloud.root("identity", request)}"` }),
  unmatched: ({ request }, allowed) =>
    allowed.length > 0
      ? json(
          405,
          {
            message: `The method ${request.method} is not allowed for this resource. <br /><br />\n\n\n`,
            code: "405 Method Not Allowed",
            title: "Method Not Allowed",
          },
          { Allow: allowed.join(", ") },
        )
      : webob(404, "The resource could not be found."),
  headers: ({ requestId }) => ({ "X-Openstack-Request-Id": requestId }),
  isOpen: (request) => request.path === "/" || request.path === "/versions",
};

const sees = (actor: Actor, row: ImageRow): boolean =>
  actor.isAdmin || row.projectId === actor.projectId || ["public", "community"].includes(row.visibility);

/** @throws Refusal 404 */
function imageOf(glance: Glance, actor: Actor, id: string): ImageRow {
  const row = glance.slot.value.images.get(id);
  if (row === undefined || !sees(actor, row)) throw new Refusal(404, "", `No image found with ID ${id}`);
  return row;
}

/** @throws Refusal 403 404 */
function ownImage(glance: Glance, actor: Actor, id: string): ImageRow {
  const row = imageOf(glance, actor, id);
  if (!actor.isAdmin && row.projectId !== actor.projectId)
    throw new Refusal(403, "", "You are not authorized to complete this action.");
  return row;
}

function view(row: ImageRow): object {
  const size = {
    size: row.size,
    virtual_size: null,
    checksum: row.checksum,
    os_hash_algo: row.sha512 === null ? null : "sha512",
    os_hash_value: row.sha512,
  };
  return {
    ...row.properties,
    name: row.name,
    disk_format: row.diskFormat,
    container_format: row.containerFormat,
    visibility: row.visibility,
    ...size,
    status: row.status,
    id: row.id,
    created_at: isoSeconds(row.createdMs),
    updated_at: isoSeconds(row.updatedMs),
    min_disk: row.minDiskGb,
    min_ram: row.minRamMb,
    protected: row.isProtected,
    owner: row.projectId,
    os_hidden: false,
    tags: [],
    self: `/v2/images/${row.id}`,
    file: `/v2/images/${row.id}/file`,
    schema: "/v2/schemas/image",
  };
}

/** What an image has by itself; other members of a body are custom properties. */
const KNOWN = new Set([
  "id",
  "name",
  "disk_format",
  "container_format",
  "visibility",
  "min_disk",
  "min_ram",
  "protected",
  "tags",
  "os_hidden",
  "owner",
]);

function make(glance: Glance, projectId: string, fields: Readonly<Record<string, unknown>>): ImageRow {
  const { kernel } = glance.cloud;
  const text = (name: string): string | null => (typeof fields[name] === "string" ? (fields[name] as string) : null);
  const row: ImageRow = {
    id: text("id") ?? glance.cloud.uuid("glance"),
    projectId,
    name: text("name"),
    status: "queued",
    visibility: text("visibility") ?? "shared",
    diskFormat: text("disk_format"),
    containerFormat: text("container_format"),
    minDiskGb: Number(fields.min_disk ?? 0),
    minRamMb: Number(fields.min_ram ?? 0),
    isProtected: fields.protected === true,
    size: null,
    checksum: null,
    sha512: null,
    createdMs: kernel.nowMs,
    updatedMs: kernel.nowMs,
    properties: Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) => (KNOWN.has(name) ? [] : [[name, String(value)]])),
    ),
    data: null,
  };
  glance.slot.value.images.set(row.id, row);
  kernel.record("glance", "image.create", row.id, { project: projectId, name: row.name });
  return row;
}

function create(glance: Glance, context: Context): HttpReply {
  const body = bodyJson(context.request);
  if (!body.ok || typeof body.value !== "object" || body.value === null)
    throw new Refusal(400, "", "Malformed JSON in request body.");
  const fields = body.value as Readonly<Record<string, unknown>>;
  if (fields.visibility === "public" && !context.actor.isAdmin)
    throw new Refusal(403, "", "You are not authorized to complete publicize_image action.");
  if (typeof fields.id === "string" && glance.slot.value.images.has(fields.id))
    throw new Refusal(409, "", `Image ID ${fields.id} already exists!`);
  const row = make(glance, context.actor.projectId, fields);
  return json(201, view(row), {
    Location: `${context.request.origin}/v2/images/${row.id}`,
    "OpenStack-image-import-methods": "glance-direct,web-download,copy-image",
  });
}

function upload(glance: Glance, context: Context): HttpReply {
  const row = ownImage(glance, context.actor, context.params.id ?? "");
  if (row.status !== "queued")
    throw new Refusal(409, "", `Image status transition from ${row.status} to saving is not allowed`);
  if (row.diskFormat === null || row.containerFormat === null)
    throw new Refusal(400, "", "Properties disk_format, container_format must be set prior to saving data.");
  const received = (context.request.received as Received | undefined) ?? digested(context.request.body);
  fill(glance, row, received);
  return { status: 204, body: "", headers: { "Content-Type": "text/html; charset=UTF-8" } };
}

function fill(glance: Glance, row: ImageRow, received: Received): void {
  Object.assign(row, received, { status: "active", updatedMs: glance.cloud.kernel.nowMs });
  glance.cloud.kernel.record("glance", "image.active", row.id, { size: received.size, checksum: received.checksum });
}

function download(glance: Glance, context: Context): HttpReply {
  const row = imageOf(glance, context.actor, context.params.id ?? "");
  if (row.status === "queued") return empty(204);
  if (row.data === null)
    throw new Refusal(413, "", `not simulated: the data of images over ${DATA_BYTES_KEPT_MAX} bytes is not kept`);
  return {
    status: 200,
    body: row.data,
    headers: { "Content-Type": "application/octet-stream", "Content-Md5": row.checksum ?? "" },
  };
}

function remove(glance: Glance, context: Context): HttpReply {
  const row = ownImage(glance, context.actor, context.params.id ?? "");
  if (row.isProtected) throw new Refusal(403, "", `Image ${row.id} is protected and cannot be deleted.`);
  if (glance.cloud.servers.usesImage(row.id) && row.status === "saving")
    throw new Refusal(409, "", `Image ${row.id} could not be deleted because it is in use`);
  glance.slot.value.images.delete(row.id);
  glance.cloud.kernel.record("glance", "image.delete", row.id);
  return { status: 204, body: "", headers: { "Content-Type": "text/html; charset=UTF-8" } };
}

function list(glance: Glance, { actor, query }: Context): HttpReply {
  const limit = Number(query.get("limit") ?? 25);
  const rows = [...glance.slot.value.images.values()].filter((row) => sees(actor, row)).reverse();
  const steering = new Set(["limit", "marker", "sort", "sort_key", "sort_dir"]);
  const filters = [...query].filter(([name]) => !steering.has(name));
  const found = rows
    .map(view)
    .filter((each) =>
      filters.every(([name, value]) => String((each as Record<string, unknown>)[name] ?? "") === value),
    ) as { id: string }[];
  const start = query.has("marker") ? found.findIndex(({ id }) => id === query.get("marker")) + 1 : 0;
  const page = found.slice(start, start + limit);
  const more = start + limit < found.length ? { next: `/v2/images?marker=${page.at(-1)?.id}` } : {};
  return json(200, { images: page, first: "/v2/images", schema: "/v2/schemas/images", ...more });
}

function routes(glance: Glance): readonly OpenStackRoute[] {
  const versions = ({ request }: Context): HttpReply =>
    json(300, {
      versions: [{ id: "v2.15", status: "CURRENT", links: [{ rel: "self", href: `${request.origin}/v2/` }] }],
    });
  return [
    { method: "GET", path: "/", open: true, handler: versions },
    {
      method: "POST",
      path: "/v2/images",
      clients: ["bosh", "openstack"],
      handler: (context) => create(glance, context),
    },
    { method: "GET", path: "/v2/images", clients: ["openstack"], handler: (context) => list(glance, context) },
    {
      method: "GET",
      path: "/v2/images/:id",
      clients: ["bosh", "openstack"],
      handler: ({ actor, params }) => json(200, view(imageOf(glance, actor, params.id ?? ""))),
    },
    {
      method: "DELETE",
      path: "/v2/images/:id",
      clients: ["bosh", "openstack"],
      handler: (context) => remove(glance, context),
    },
    {
      method: "PUT",
      path: "/v2/images/:id/file",
      clients: ["bosh", "openstack"],
      upload: { bodyBytesMax: UPLOAD_BYTES_MAX, receive },
      handler: (context) => upload(glance, context),
    },
    {
      method: "GET",
      path: "/v2/images/:id/file",
      clients: ["openstack"],
      handler: (context) => download(glance, context),
    },
  ];
}

const viewOf = (row: ImageRow): ImageView => ({
  id: row.id,
  name: row.name,
  status: row.status,
  sizeBytes: row.size ?? 0,
  minDiskGb: row.minDiskGb,
  minRamMb: row.minRamMb,
  projectId: row.projectId,
  diskFormat: row.diskFormat,
  containerFormat: row.containerFormat,
  checksum: row.checksum,
  createdMs: row.createdMs,
  updatedMs: row.updatedMs,
  properties: row.properties,
});

function operations(glance: Glance): ImageOps {
  const find = (id: string): ImageRow | undefined => glance.slot.value.images.get(id);
  return {
    image: (actor, id) => {
      const row = find(id);
      return row !== undefined && sees(actor, row) ? viewOf(row) : undefined;
    },
    find: (id) => {
      const row = find(id);
      return row && viewOf(row);
    },
    images: (actor) =>
      [...glance.slot.value.images.values()]
        .filter((row) => sees(actor, row))
        .reverse()
        .map(viewOf),
    create: (actor, { name, diskFormat, containerFormat, visibility, minDiskGb, minRamMb, properties }) =>
      viewOf(
        make(glance, actor.projectId, {
          name,
          disk_format: diskFormat === undefined ? "qcow2" : diskFormat,
          container_format: containerFormat === undefined ? "bare" : containerFormat,
          visibility,
          min_disk: minDiskGb ?? 0,
          min_ram: minRamMb ?? 0,
          ...properties,
        }),
      ),
    activate: (id, sizeBytes) => {
      const row = find(id);
      if (row !== undefined) fill(glance, row, { ...digested(id), size: sizeBytes, data: null });
    },
  };
}

/** Glance: images that are created, filled by a streamed upload, listed, downloaded and deleted. */
export function createGlance(cloud: Cloud): GlanceService {
  const glance: Glance = { cloud, slot: cloud.kernel.slot("glance", { images: new Map() }) };
  return {
    service: openStackService(cloud, "glance", STYLE, routes(glance)),
    ops: operations(glance),
    state: () => glance.slot.value,
  };
}
