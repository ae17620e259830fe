import { empty, type HttpReply, isObject } from "../../../kernel/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import { bindRoutes, type RequestContext, type OpenStackRoute } from "../../service.ts";
import { DATA_BYTES_KEPT_MAX, digestData, fill, receiveData, UPLOAD_BYTES_MAX } from "../behaviour/data.ts";
import { stageData } from "../behaviour/imports.ts";
import { UPLOAD_POINT } from "../faults.ts";
import { type Glance, type ImageData, type ImageRow, requireImage, requireOwnImage } from "../state.ts";
import { emptyReply, requireType } from "../wire/body.ts";

const FILE = "/v2/images/:id/file";
const UPLOAD = { bodyBytesMax: UPLOAD_BYTES_MAX, receive: receiveData };

/** The data of images: uploaded at once or staged, downloaded whole or in part (Image API v2, "image data"). */
export const imageDataRoutes = (glance: Glance): readonly OpenStackRoute[] =>
  bindRoutes(glance, [
    ["PUT", FILE, upload, { clients: ["bosh", "openstack"], upload: UPLOAD }],
    ["GET", FILE, download, { clients: ["openstack"] }],
    ["PUT", "/v2/images/:id/stage", stage, { clients: ["openstack"], upload: UPLOAD }],
  ]);

const isImageData = (value: unknown): value is ImageData => isObject(value) && typeof value.sha512 === "string";

/** The upload received at the edge, or the body of a request from within the world. */
const receivedData = ({ request }: RequestContext): ImageData =>
  isImageData(request.received) ? request.received : digestData(request.body);

/** The image that is to receive data. @throws Refusal 400, 403, 404, 409, 415 */
function requireTarget(glance: Glance, context: RequestContext, to: "saving" | "uploading"): ImageRow {
  requireType(context, ["application/octet-stream"]);
  const row = requireOwnImage(glance, context.actor, context.params.id ?? "");
  if (row.status !== "queued" && !(to === "uploading" && row.status === "uploading"))
    throw new Refusal(409, "", `Image status transition from ${row.status} to ${to} is not allowed`);
  if (row.diskFormat === null || row.containerFormat === null)
    throw new Refusal(400, "", "Properties disk_format, container_format must be set prior to saving data.");
  return row;
}

function upload(glance: Glance, context: RequestContext): HttpReply {
  const row = requireTarget(glance, context, "saving");
  const effect = glance.cloud.kernel.faults.at(UPLOAD_POINT, { id: row.id, name: row.name ?? "" });
  if (effect?.kind === "error") throw new Refusal(effect.code ?? 500, "", effect.message);
  if (effect?.kind === "stuck") row.status = "saving";
  else fill(glance, row, receivedData(context));
  return emptyReply(204);
}

function stage(glance: Glance, context: RequestContext): HttpReply {
  const row = requireTarget(glance, context, "uploading");
  stageData(glance, row, receivedData(context));
  return emptyReply(204);
}

function download(glance: Glance, context: RequestContext): HttpReply {
  const row = requireImage(glance, context.actor, context.params.id ?? "");
  if (row.status === "deactivated" && !context.actor.isAdmin)
    throw new Refusal(403, "", "The requested image has been deactivated. Image data download is forbidden.");
  if (row.status !== "active" && row.status !== "deactivated") return empty(204);
  if (row.data === null) throw notSimulated(`the data of images over ${DATA_BYTES_KEPT_MAX} bytes is not kept`);
  const headers = { "Content-Type": "application/octet-stream", "Content-Md5": row.checksum ?? "" };
  const range = rangeIn(context);
  if (range === undefined) return { status: 200, body: row.data, headers };
  return partReply(row.data, range[0], range[1], headers);
}

const badRange = (detail: string): Refusal =>
  new Refusal(416, "", "The Range requested is not available.", { members: { detail } });

/** First and last byte of `Range`, or of `Content-Range`, which older clients sent. @throws Refusal 400, 416 */
function rangeIn({ request }: RequestContext): readonly [first: string, last: string] | undefined {
  const { range, "content-range": content } = request.headers;
  if (range !== undefined) {
    if (range.includes(","))
      throw new Refusal(
        400,
        "",
        "Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests instead.",
      );
    const [, first = "", last = ""] = /^bytes\s*=\s*(\d*)-(\d*)$/i.exec(range) ?? [];
    const isBackwards = first !== "" && last !== "" && Number(last) < Number(first);
    if ((first === "" && last === "") || isBackwards) throw badRange("Invalid Range header.");
    return [first, last];
  }
  if (content === undefined) return undefined;
  const [, first = "", last = ""] = /^bytes\s+(\d+)-(\d+)\/(?:\d+|\*)$/i.exec(content) ?? [];
  if (first === "" || Number(last) < Number(first)) throw badRange("Invalid Content-Range header.");
  return [first, last];
}

/** Bytes `first` to `last`; without `first`, the last `last` bytes. @throws Refusal 416 */
function partReply(
  data: Uint8Array,
  first: string,
  last: string,
  headers: Readonly<Record<string, string>>,
): HttpReply {
  const end = data.length - 1;
  const from = first === "" ? Math.max(0, data.length - Number(last)) : Number(first);
  const to = first === "" || last === "" ? end : Math.min(end, Number(last));
  if (from > end) {
    const detail = `Invalid start position in Range header. Start position MUST be in the inclusive range [0, ${end}].`;
    throw new Refusal(416, "", "The Range requested is not available.", { members: { detail } });
  }
  return {
    status: 206,
    body: data.slice(from, to + 1),
    headers: { ...headers, "Content-Range": `bytes ${from}-${to}/${data.length}` },
  };
}
