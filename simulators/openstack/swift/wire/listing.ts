import type { HttpReply } from "../../../kernel/index.ts";
import { dumps } from "../../python/index.ts";
import { notSimulated, Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { withoutSlashes } from "../../url.ts";
import { LIMITS } from "../state/limits.ts";
import { HTML, isYes } from "./headers.ts";

/** One line of a listing: an item, or a common prefix. */
type Line = { readonly name: string } | { readonly subdir: string };

const nameOf = (line: Line): string => ("name" in line ? line.name : line.subdir);

/** Swift compares the bytes of names in UTF-8. */
const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** @throws Refusal 412 */
function parseLimit(query: URLSearchParams): number {
  const given = query.get("limit") ?? "";
  const limit = /^\d+$/.test(given) ? Number(given) : LIMITS.container_listing_limit;
  if (limit > LIMITS.container_listing_limit)
    throw new Refusal(412, "", `Maximum limit is ${LIMITS.container_listing_limit}`, { headers: HTML });
  return limit;
}

/** The names under the prefix, rolled up at the delimiter. With `path`, the direct contents of that folder. */
function rollUp(names: readonly string[], query: URLSearchParams): readonly Line[] {
  const path = query.get("path");
  const prefix = path === null ? (query.get("prefix") ?? "") : withoutSlashes(path) + (path === "" ? "" : "/");
  const delimiter = path === null ? (query.get("delimiter") ?? "") : "/";
  const lines = new Map<string, Line>();
  for (const name of names) {
    if (!name.startsWith(prefix) || (path !== null && name === prefix)) continue;
    const at = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
    if (at < 0) lines.set(name, { name });
    else if (path === null) {
      const subdir = name.slice(0, at + delimiter.length);
      lines.set(`${subdir}/`, { subdir });
    }
  }
  return [...lines.values()];
}

/**
 * The part of `names` that the query asks for: filtered, rolled up at the delimiter, in order, from marker to end marker, limited.
 *
 * @throws Refusal 412 when the limit is too high
 */
export function chooseLines(names: readonly string[], query: URLSearchParams): readonly Line[] {
  const direction = isYes(query.get("reverse")) ? -1 : 1;
  const marker = query.get("marker") ?? "";
  const end = query.get("end_marker") ?? "";
  const compare = (a: string, b: string): number => compareBytes(a, b) * direction;
  return [...rollUp(names, query)]
    .sort((a, b) => compare(nameOf(a), nameOf(b)))
    .filter((line) => marker === "" || compare(nameOf(line), marker) > 0)
    .filter((line) => end === "" || compare(end, nameOf(line)) > 0)
    .slice(0, parseLimit(query));
}

/** Whether the listing is to be JSON. @throws Refusal 501 for XML */
export function wantsJson({ query, request }: RequestContext): boolean {
  const format = query.get("format");
  const accept = request.headers.accept ?? "";
  if (format === "xml" || (format === null && /(application|text)\/xml/.test(accept) && !accept.includes("json")))
    throw notSimulated("listings in XML");
  return format === null ? accept.includes("application/json") : format === "json";
}

/** The reply with a listing, as JSON or text. A HEAD is answered like an empty listing. */
export function listingReply(
  context: RequestContext,
  names: readonly string[],
  view: (name: string) => object,
  headers: Readonly<Record<string, string>>,
): HttpReply {
  const { query, request } = context;
  const isJson = wantsJson(context);
  const all = {
    "Content-Type": `${isJson ? "application/json" : "text/plain"}; charset=utf-8`,
    ...headers,
    ...(!query.has("format") && { Vary: "Accept" }),
  };
  if (request.method === "HEAD") return { status: 204, headers: all };
  const lines = chooseLines(names, query);
  if (isJson) {
    return { status: 200, headers: all, body: dumps(lines.map((line) => ("name" in line ? view(line.name) : line))) };
  }
  if (lines.length === 0) return { status: 204, headers: all };
  return { status: 200, headers: all, body: lines.map((line) => `${nameOf(line)}\n`).join("") };
}
