import { type HttpReply, json, isObject } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { madeUpData, startImport } from "../behaviour/imports.ts";
import { type Glance, requireImage, requireOwnImage } from "../state.ts";
import { emptyReply, readMembers } from "../wire/body.ts";

/** The methods of `/v2/info/import`. The last copies between stores, of which there is one. */
export const IMPORT_METHODS: readonly string[] = ["glance-direct", "web-download", "copy-image"];

/** The import of staged data (Image API v2, "interoperable image import"). */
export const imageImportRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    ["POST", "/v2/images/:id/import", importImage, { clients: ["openstack"] }],
    ["GET", "/v2/images/:id/tasks", listTasks, { clients: ["openstack"] }],
    ["GET", "/v2/info/import", listMethods, { clients: ["openstack"] }],
  ]);

const listMethods = (): HttpReply =>
  json(200, {
    "import-methods": { description: "Import methods available.", type: "array", value: IMPORT_METHODS },
  });

/** Imports leave no task behind. */
function listTasks(glance: Glance, { actor, params }: RequestContext): HttpReply {
  requireImage(glance, actor, params.id ?? "");
  return json(200, { tasks: [] });
}

/** The method that the body asks for, and from where. @throws Refusal 400 */
function parseMethod(context: RequestContext): { readonly name: string; readonly uri: string } {
  const { method } = readMembers(context);
  if (typeof method !== "object" || method === null)
    throw new Refusal(400, "", "Import request requires a 'method' field.");
  const { name, uri } = isObject(method) ? method : {};
  if (name === undefined) throw new Refusal(400, "", "Import request requires a 'name' field.");
  if (!IMPORT_METHODS.includes(String(name)))
    throw new Refusal(400, "", `Unknown import method name '${String(name)}'.`);
  if (name === "web-download" && !isAllowedSource(uri)) {
    const given = uri === undefined ? "None" : String(uri);
    throw new Refusal(400, "", `URI for web-download does not pass filtering: ${given}`);
  }
  return { name: String(name), uri: String(uri) };
}

function isAllowedSource(uri: unknown): boolean {
  if (typeof uri !== "string" || !URL.canParse(uri)) return false;
  const { protocol, port } = new URL(uri);
  return ["http:", "https:"].includes(protocol) && ["", "80", "443"].includes(port);
}

function importImage(glance: Glance, context: RequestContext): HttpReply {
  const { name: method, uri } = parseMethod(context);
  const row = requireOwnImage(glance, context.actor, context.params.id ?? "");
  if (row.status !== "queued" && row.status !== "uploading")
    throw new Refusal(409, "", `Image with status ${row.status} cannot be target for import`);
  if (method === "copy-image") throw notSimulated("import by copy-image: there is one store");
  if (method === "web-download") {
    if (row.status !== "queued")
      throw new Refusal(409, "", "Image needs to be in 'queued' state to use 'web-download' method");
    for (const [name, value] of [
      ["disk_format", row.diskFormat],
      ["container_format", row.containerFormat],
    ] as const)
      if (value === null) throw new Refusal(400, "", `'${name}' needs to be set before import`);
    row.staged = madeUpData(uri);
  }
  if (row.staged === null)
    throw new Refusal(409, "", "Image needs to be staged before 'glance-direct' method can be used");
  startImport(glance, row);
  return emptyReply(202);
}
