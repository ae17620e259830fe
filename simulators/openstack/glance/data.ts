import { empty, type HttpReply } from "../../kernel/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context, OpenStackRoute } from "../service.ts";
import {
  DATA_BYTES_KEPT_MAX,
  digested,
  fill,
  type Glance,
  type ImageRow,
  imageOf,
  ownImage,
  receive,
  type Received,
  touch,
  UPLOAD_BYTES_MAX,
} from "./state.ts";
import { UPLOAD_POINT } from "./faults.ts";
import { bodyOf, emptied, needType, notSimulated } from "./style.ts";
import { IMPORT_METHODS } from "./images.ts";

/*
 * The data of images: uploaded at once, or staged and then imported over time; downloaded whole or in part.
 */

const IMPORT_MS = 800;
const OCTETS = ["application/octet-stream"];

const received = ({ request }: Context): Received =>
  (request.received as Received | undefined) ?? digested(request.body);

/** @throws Refusal 400, 403, 404, 409, 415 */
function target(glance: Glance, context: Context, to: "saving" | "uploading"): ImageRow {
  needType(context, OCTETS);
  const row = ownImage(glance, context.actor, context.params.id ?? "");
  if (row.status !== "queued" && !(to === "uploading" && row.status === "uploading"))
    throw new Refusal(409, "", `Image status transition from ${row.status} to ${to} is not allowed`);
  if (row.diskFormat === null || row.containerFormat === null)
    throw new Refusal(400, "", "Properties disk_format, container_format must be set prior to saving data.");
  return row;
}

function upload(glance: Glance, context: Context): HttpReply {
  const row = target(glance, context, "saving");
  const effect = glance.cloud.kernel.faults.at(UPLOAD_POINT, { id: row.id, name: row.name ?? "" });
  if (effect?.kind === "error") throw new Refusal(effect.code ?? 500, "", effect.message);
  if (effect?.kind === "stuck") row.status = "saving";
  else fill(glance, row, received(context));
  return emptied(204);
}

function stage(glance: Glance, context: Context): HttpReply {
  const row = target(glance, context, "uploading");
  const staged = received(context);
  Object.assign(row, { status: "uploading", size: staged.size, staged });
  touch(glance, row);
  return emptied(204);
}

function startImport(glance: Glance, context: Context): HttpReply {
  const { method } = bodyOf(context) as { method?: unknown };
  if (typeof method !== "object" || method === null)
    throw new Refusal(400, "", "Import request requires a 'method' field.");
  const { name, uri } = method as { name?: unknown; uri?: unknown };
  if (name === undefined) throw new Refusal(400, "", "Import request requires a 'name' field.");
  if (!IMPORT_METHODS.includes(String(name)))
    throw new Refusal(400, "", `Unknown import method name '${String(name)}'.`);
  if (name === "web-download" && !isAllowed(uri))
    throw new Refusal(
      400,
      "",
      `URI for web-download does not pass filtering: ${uri === undefined ? "None" : String(uri)}`,
    );
  const row = ownImage(glance, context.actor, context.params.id ?? "");
  if (row.status !== "queued" && row.status !== "uploading")
    throw new Refusal(409, "", `Image with status ${row.status} cannot be target for import`);
  if (name !== "glance-direct") throw notSimulated(`import by ${String(name)}; stage the data and import it directly`);
  if (row.staged === null)
    throw new Refusal(409, "", "Image needs to be staged before 'glance-direct' method can be used");
  row.status = "importing";
  row.properties = { ...row.properties, os_glance_import_task: glance.cloud.uuid("glance") };
  const { kernel } = glance.cloud;
  kernel.timer(kernel.work(IMPORT_MS), "glance/imported", { id: row.id });
  return emptied(202);
}

function isAllowed(uri: unknown): boolean {
  if (typeof uri !== "string" || !URL.canParse(uri)) return false;
  const { protocol, port } = new URL(uri);
  return ["http:", "https:"].includes(protocol) && ["", "80", "443"].includes(port);
}

/** The import has ended. */
export function endImport(glance: Glance, id: string): void {
  const row = glance.slot.value.images.get(id);
  if (row?.status !== "importing" || row.staged === null) return;
  row.properties = { ...row.properties, os_glance_importing_to_stores: "", os_glance_failed_import: "" };
  fill(glance, row, row.staged);
}

function download(glance: Glance, context: Context): HttpReply {
  const row = imageOf(glance, context.actor, context.params.id ?? "");
  if (row.status === "deactivated" && !context.actor.isAdmin)
    throw new Refusal(403, "", "The requested image has been deactivated. Image data download is forbidden.");
  if (row.status !== "active" && row.status !== "deactivated") return empty(204);
  if (row.data === null) throw notSimulated(`the data of images over ${DATA_BYTES_KEPT_MAX} bytes is not kept`);
  const headers = { "Content-Type": "application/octet-stream", "Content-Md5": row.checksum ?? "" };
  const asked = /^bytes=(\d*)-(\d*)$/.exec(context.request.headers.range ?? "");
  if (asked === null) return { status: 200, body: row.data, headers };
  const last = row.data.length - 1;
  const from = asked[1] === "" ? Math.max(0, last + 1 - Number(asked[2])) : Number(asked[1]);
  const to = asked[1] === "" || asked[2] === "" ? last : Math.min(last, Number(asked[2]));
  if (from > last) {
    const detail = `Invalid start position in Range header. Start position MUST be in the inclusive range [0, ${last}].`;
    throw new Refusal(416, "", "The Range requested is not available.", { members: { detail } });
  }
  return {
    status: 206,
    body: row.data.slice(from, to + 1),
    headers: { ...headers, "Content-Range": `bytes ${from}-${to}/${last + 1}` },
  };
}

function activate(glance: Glance, { actor, params }: Context, isActive: boolean): HttpReply {
  const row = ownImage(glance, actor, params.id ?? "");
  const to = isActive ? "active" : "deactivated";
  if (row.status !== "active" && row.status !== "deactivated")
    throw new Refusal(
      403,
      "",
      `Not allowed to ${isActive ? "reactivate" : "deactivate"} image in status '${row.status}'`,
    );
  row.status = to;
  touch(glance, row);
  return emptied(204);
}

export function dataRoutes(glance: Glance): readonly OpenStackRoute[] {
  const item = "/v2/images/:id";
  const stream = { bodyBytesMax: UPLOAD_BYTES_MAX, receive };
  return [
    {
      method: "PUT",
      path: `${item}/file`,
      clients: ["bosh", "openstack"],
      upload: stream,
      handler: (context) => upload(glance, context),
    },
    { method: "GET", path: `${item}/file`, clients: ["openstack"], handler: (context) => download(glance, context) },
    {
      method: "PUT",
      path: `${item}/stage`,
      clients: ["openstack"],
      upload: stream,
      handler: (context) => stage(glance, context),
    },
    {
      method: "POST",
      path: `${item}/import`,
      clients: ["openstack"],
      handler: (context) => startImport(glance, context),
    },
    {
      method: "POST",
      path: `${item}/actions/deactivate`,
      clients: ["openstack"],
      handler: (context) => activate(glance, context, false),
    },
    {
      method: "POST",
      path: `${item}/actions/reactivate`,
      clients: ["openstack"],
      handler: (context) => activate(glance, context, true),
    },
  ];
}
