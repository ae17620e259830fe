import { bodyText, type HttpReply, percentText } from "../../kernel/index.ts";
import { dumps } from "../python/index.ts";
import { Refusal } from "../refusal.ts";
import type { Context } from "../service.ts";
import { removeContainer } from "./containers.ts";
import { findObject, pathOf } from "./large.ts";
import { removeObject } from "./objects.ts";
import { bytesOf, LIMITS, notSimulated, type Swift } from "./state.ts";

const DELETES_MAX = 10_000;

interface Outcome {
  readonly deleted: number;
  readonly missing: number;
  readonly errors: readonly (readonly [string, string])[];
  readonly status?: string;
  readonly body?: string;
}

/** Bulk requests always answer 200; what came of them is in the body. */
function report({ request }: Context, counted: Readonly<Record<string, number>>, outcome: Outcome): HttpReply {
  const { errors } = outcome;
  const status = outcome.status ?? (errors.length > 0 ? "400 Bad Request" : "200 OK");
  const body = outcome.body ?? "";
  if (!(request.headers.accept ?? "").includes("application/json")) {
    const lines = [
      ...Object.entries(counted).map(([name, count]) => `${name}: ${count}`),
      `Response Body: ${body}`,
      `Response Status: ${status}`,
      "Errors:",
      ...errors.map(([name, error]) => `${name}, ${error}`),
    ];
    return { status: 200, headers: { "Content-Type": "text/plain" }, body: `${lines.join("\n")}\n` };
  }
  const members = { "Response Status": status, "Response Body": body, ...counted, Errors: errors };
  return { status: 200, headers: { "Content-Type": "application/json" }, body: dumps(members) };
}

const deletions = (context: Context, outcome: Outcome): HttpReply =>
  report(context, { "Number Deleted": outcome.deleted, "Number Not Found": outcome.missing }, outcome);

const REASONS: Readonly<Record<number, string>> = { 409: "409 Conflict", 412: "412 Precondition Failed" };

function removeAll(swift: Swift, account: string, names: readonly string[]): Outcome {
  let deleted = 0;
  let missing = 0;
  const errors: [string, string][] = [];
  for (const name of names) {
    try {
      const at = pathOf(name);
      if (at === undefined) removeContainer(swift, account, name.replace(/^\//, ""));
      else removeObject(swift, account, ...at);
      deleted++;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 404) missing++;
      else errors.push([encodeURIComponent(name), REASONS[error.status] ?? String(error.status)]);
    }
  }
  return { deleted, missing, errors };
}

export function bulkDelete(swift: Swift, context: Context): HttpReply {
  const { headers } = context.request;
  if (headers["content-length"] === undefined && headers["transfer-encoding"] === undefined)
    return deletions(context, { deleted: 0, missing: 0, errors: [], status: "411 Length Required" });
  const names = bodyText(context.request)
    .split("\n")
    .map((line) => percentText(line.trim()))
    .filter((line) => line !== "");
  if (names.length > DELETES_MAX) {
    const body = `Maximum Bulk Deletes: ${DELETES_MAX} per request`;
    return deletions(context, { deleted: 0, missing: 0, errors: [], status: "413 Request Entity Too Large", body });
  }
  if (names.some((name) => Buffer.byteLength(name) > LIMITS.max_object_name_length + LIMITS.max_container_name_length))
    throw notSimulated("names that are too long in a bulk delete");
  const outcome = removeAll(swift, context.params.account ?? "", names);
  const isIdle = outcome.deleted + outcome.missing + outcome.errors.length === 0;
  return deletions(context, isIdle ? { ...outcome, status: "400 Bad Request", body: "Invalid bulk delete." } : outcome);
}

/** A static large object with its segments, `multipart-manifest=delete`. */
export function deleteLarge(swift: Swift, context: Context): HttpReply {
  const { account = "", container, object: name } = context.params;
  const path = `/${container}/${name}`;
  const object = findObject(swift, account, path);
  if (object === undefined) return deletions(context, { deleted: 0, missing: 1, errors: [] });
  if (object.segments === undefined)
    return deletions(context, { deleted: 0, missing: 0, errors: [[path, "Not an SLO manifest"]] });
  return deletions(context, removeAll(swift, account, [...object.segments.map((segment) => segment.name), path]));
}

const BLOCK_BYTES = 512;

/** Archives are not unpacked; that one is none is seen. */
export function extract(_swift: Swift, context: Context): HttpReply {
  const format = context.query.get("extract-archive") ?? "";
  if (!["tar", "tar.gz", "tar.bz2"].includes(format)) throw new Refusal(400, "", "Unsupported archive format");
  if (format !== "tar" || bytesOf(context).length >= BLOCK_BYTES) throw notSimulated("the extraction of archives");
  const body = "Invalid Tar File: truncated header";
  const outcome = { deleted: 0, missing: 0, errors: [], status: "400 Bad Request", body };
  return report(context, { "Number Files Created": 0 }, outcome);
}
