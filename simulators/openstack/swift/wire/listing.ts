import type { HttpReply } from "../../../kernel/index.ts";
import { dumps } from "../../python/index.ts";
import { Refusal } from "../../refusal.ts";
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
 * @throws Refusal 412 if the limit is too high
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

/** Whether the listing is to be XML. */
function wantsXml({ query, request }: RequestContext): boolean {
  const format = query.get("format");
  const accept = request.headers.accept ?? "";
  return format === "xml" || (format === null && /(application|text)\/xml/.test(accept) && !accept.includes("json"));
}

/** Whether the listing is to be JSON. */
export function wantsJson({ query, request }: RequestContext): boolean {
  const format = query.get("format");
  const accept = request.headers.accept ?? "";
  return format === null ? accept.includes("application/json") : format === "json";
}

const xmlText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A listing as XML: an element for each line, with its members as elements. */
function xmlListing({ params }: RequestContext, lines: readonly object[]): string {
  const { account = "", container } = params;
  const [root, item] = container === undefined ? ["account", "container"] : ["container", "object"];
  const rows = lines.map((line) => {
    if ("subdir" in line) {
      const name = xmlText(String(line.subdir));
      return `<subdir name="${name}"><name>${name}</name></subdir>`;
    }
    const members: Readonly<Record<string, unknown>> = { ...line };
    const order = ["name", "hash", "bytes", "content_type", "last_modified"];
    const names = item === "container" ? ["name", "count", "bytes", "last_modified"] : order;
    const cells = names.map((name) => `<${name}>${xmlText(String(members[name] ?? ""))}</${name}>`);
    return `<${item}>${cells.join("")}</${item}>`;
  });
  const head = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} name="${xmlText(container ?? account)}">`;
  return `${head}${root === "account" ? "\n" : ""}${rows.join(root === "account" ? "\n" : "")}${root === "account" && rows.length > 0 ? "\n" : ""}</${root}>`;
}

/** A listing of lines that are ready, each with its name. */
export function linesReply(
  context: RequestContext,
  lines: readonly (readonly [name: string, line: object])[],
  headers: Readonly<Record<string, string>>,
): HttpReply {
  const { query } = context;
  const isJson = wantsJson(context);
  const prefix = query.get("prefix") ?? "";
  const marker = query.get("marker") ?? "";
  const chosen = lines
    .filter(([name]) => name.startsWith(prefix) && (marker === "" || compareBytes(name, marker) > 0))
    .slice(0, parseLimit(query));
  const type = `${isJson ? "application/json" : "text/plain"}; charset=utf-8`;
  const all = { "Content-Type": type, ...headers, ...(!query.has("format") && { Vary: "Accept" }) };
  if (context.request.method === "HEAD") return { status: 204, headers: all };
  if (isJson) return { status: 200, headers: all, body: dumps(chosen.map(([, line]) => line)) };
  if (chosen.length === 0) return { status: 204, headers: all };
  return { status: 200, headers: all, body: chosen.map(([name]) => `${name}\n`).join("") };
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
    "Content-Type": `${wantsXml(context) ? "application/xml" : isJson ? "application/json" : "text/plain"}; charset=utf-8`,
    ...headers,
    ...(!query.has("format") && { Vary: "Accept" }),
  };
  if (request.method === "HEAD") return { status: 204, headers: all };
  const lines = chooseLines(names, query);
  const views = (): readonly object[] => lines.map((line) => ("name" in line ? view(line.name) : line));
  if (wantsXml(context)) return { status: 200, headers: all, body: xmlListing(context, views()) };
  if (isJson) return { status: 200, headers: all, body: dumps(views()) };
  if (lines.length === 0) return { status: 204, headers: all };
  return { status: 200, headers: all, body: lines.map((line) => `${nameOf(line)}\n`).join("") };
}
