import { type HttpReply, json, isObject } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { startImport } from "../behaviour/imports.ts";
import { type Glance, requireImage, requireOwnImage } from "../state.ts";
import { emptyReply, readMembers } from "../wire/body.ts";

/** What `/v2/info/import` offers. Only the first is simulated. */
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

/** The name of the method that the body asks for. @throws Refusal 400 */
function parseMethod(context: RequestContext): string {
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
  return String(name);
}

function isAllowedSource(uri: unknown): boolean {
  if (typeof uri !== "string" || !URL.canParse(uri)) return false;
  const { protocol, port } = new URL(uri);
  return ["http:", "https:"].includes(protocol) && ["", "80", "443"].includes(port);
}

function importImage(glance: Glance, context: RequestContext): HttpReply {
  const method = parseMethod(context);
  const row = requireOwnImage(glance, context.actor, context.params.id ?? "");
  if (row.status !== "queued" && row.status !== "uploading")
    throw new Refusal(409, "", `Image with status ${row.status} cannot be target for import`);
  if (method !== "glance-direct") throw notSimulated(`import by ${method}; stage the data and import it directly`);
  if (row.staged === null)
    throw new Refusal(409, "", "Image needs to be staged before 'glance-direct' method can be used");
  startImport(glance, row);
  return emptyReply(202);
}
