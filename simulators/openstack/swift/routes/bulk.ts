import { bodyText, type HttpReply, percentText } from "../../../kernel/index.ts";
import { dumps } from "../../python/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { removeContainer, removeObject } from "../behaviour/removal.ts";
import { findObject, splitPath } from "../state/containers.ts";
import { LIMITS } from "../state/limits.ts";
import type { Swift } from "../state/state.ts";
import { bodyBytes } from "../wire/body.ts";

const DELETES_MAX = 10_000;

/** The outcome of a bulk request. */
interface Outcome {
  readonly deleted: number;
  readonly missing: number;
  readonly errors: readonly (readonly [name: string, error: string])[];
  /** Default `200 OK`, or `400 Bad Request` when there are errors. */
  readonly status?: string;
  readonly body?: string;
}

const NOTHING: Outcome = { deleted: 0, missing: 0, errors: [] };

/** Bulk requests always answer 200; their outcome is in the body. */
function bulkReply({ request }: RequestContext, counts: Readonly<Record<string, number>>, outcome: Outcome): HttpReply {
  const { errors, body = "" } = outcome;
  const status = outcome.status ?? (errors.length > 0 ? "400 Bad Request" : "200 OK");
  if ((request.headers.accept ?? "").includes("application/json")) {
    const members = { "Response Status": status, "Response Body": body, ...counts, Errors: errors };
    return { status: 200, headers: { "Content-Type": "application/json" }, body: dumps(members) };
  }
  const lines = [
    ...Object.entries(counts).map(([name, count]) => `${name}: ${count}`),
    `Response Body: ${body}`,
    `Response Status: ${status}`,
    "Errors:",
    ...errors.map(([name, error]) => `${name}, ${error}`),
  ];
  return { status: 200, headers: { "Content-Type": "text/plain" }, body: `${lines.join("\n")}\n` };
}

const deletionReply = (context: RequestContext, outcome: Outcome): HttpReply =>
  bulkReply(context, { "Number Deleted": outcome.deleted, "Number Not Found": outcome.missing }, outcome);

const REASONS: Readonly<Record<number, string>> = { 409: "409 Conflict", 412: "412 Precondition Failed" };

function remove(swift: Swift, account: string, name: string): void {
  const path = splitPath(name);
  if (path === undefined) removeContainer(swift, account, name.replace(/^\//, ""));
  else removeObject(swift, account, ...path);
}

/** A name that is not text, as its bytes. */
const escapeBytes = (name: string): string => encodeURIComponent(name).replaceAll("%EF%BF%BD", "%FF");

function removeAll(swift: Swift, account: string, names: readonly string[]): Outcome {
  let deleted = 0;
  let missing = 0;
  const errors: [string, string][] = [];
  for (const name of names) {
    if (name.includes("\ufffd")) {
      errors.push([escapeBytes(name), "412 Precondition Failed"]);
      continue;
    }
    try {
      remove(swift, account, name);
      deleted++;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 404) missing++;
      else errors.push([encodeURIComponent(name), REASONS[error.status] ?? String(error.status)]);
    }
  }
  return { deleted, missing, errors };
}

/** `?bulk-delete`: the objects and empty containers that the body lists, one a line. */
export function bulkDelete(swift: Swift, context: RequestContext): HttpReply {
  const { headers } = context.request;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
    return deletionReply(context, { ...NOTHING, status: "411 Length Required" });
  const type = headers["content-type"] ?? "text/plain";
  if (headers["content-length"] !== "0" && !/^text\/plain(;|$)/.test(type))
    return deletionReply(context, { ...NOTHING, status: "406 Not Acceptable" });
  const names = bodyText(context.request)
    .split("\n")
    .map((line) => percentText(line.trim()))
    .filter((line) => line !== "");
  if (names.length > DELETES_MAX) {
    const body = `Maximum Bulk Deletes: ${DELETES_MAX} per request`;
    return deletionReply(context, { ...NOTHING, status: "413 Request Entity Too Large", body });
  }
  if (names.some((name) => Buffer.byteLength(name) > LIMITS.max_object_name_length + LIMITS.max_container_name_length))
    return deletionReply(context, { ...NOTHING, status: "400 Bad Request", body: "Invalid File Name" });
  if (names.length === 0)
    return deletionReply(context, { ...NOTHING, status: "400 Bad Request", body: "Invalid bulk delete." });
  return deletionReply(context, removeAll(swift, context.params.account ?? "", names));
}

/** `?multipart-manifest=delete`: a static large object with its segments. */
export function deleteLargeObject(swift: Swift, context: RequestContext): HttpReply {
  const { account = "", container, object: name } = context.params;
  const path = `/${container}/${name}`;
  const object = findObject(swift, account, path);
  if (object === undefined) return deletionReply(context, { ...NOTHING, missing: 1 });
  if (object.segments === undefined)
    return deletionReply(context, { ...NOTHING, errors: [[path, "Not an SLO manifest"]] });
  return deletionReply(context, removeAll(swift, account, [...object.segments.map((segment) => segment.name), path]));
}

/** Bytes of one block of a tar archive. */
const BLOCK_BYTES = 512;

/** `?extract-archive`: archives are not unpacked, but a body that is not an archive is noticed. */
export function extractArchive(_swift: Swift, context: RequestContext): HttpReply {
  const format = context.query.get("extract-archive") ?? "";
  if (!["tar", "tar.gz", "tar.bz2"].includes(format)) throw new Refusal(400, "", "Unsupported archive format");
  const data = bodyBytes(context);
  const isGzip = data[0] === 0x1f && data[1] === 0x8b;
  if (format === "tar.gz" && !isGzip) {
    const body = "Invalid Tar File: not a gzip file";
    return bulkReply(context, { "Number Files Created": 0 }, { ...NOTHING, status: "400 Bad Request", body });
  }
  if (format !== "tar" || bodyBytes(context).length >= BLOCK_BYTES) throw notSimulated("the extraction of archives");
  const body = "Invalid Tar File: truncated header";
  return bulkReply(context, { "Number Files Created": 0 }, { ...NOTHING, status: "400 Bad Request", body });
}
