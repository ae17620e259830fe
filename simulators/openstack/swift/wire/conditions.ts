import type { HttpReply } from "../../../kernel/index.ts";
import { notSimulated } from "../../refusal.ts";
import type { Headers } from "../state/state.ts";
import { HTML } from "./headers.ts";

const tagsOf = (header: string): readonly string[] => header.split(",").map((tag) => tag.trim().replaceAll('"', ""));

/**
 * The reply to a condition that does not hold: 304 or 412; `undefined` if all hold. Swift checks the match first, then the dates.
 * `headers` are those that the object's reply would have.
 */
export function unmetCondition(
  request: Headers,
  object: { readonly storedMs: number; readonly etag: string },
  headers: Headers,
): HttpReply | undefined {
  const etag = object.etag.replaceAll('"', "");
  const { "if-match": match, "if-none-match": none } = request;
  const holds = (header: string): boolean => tagsOf(header).some((tag) => tag === "*" || tag === etag);
  const storedMs = Math.ceil(object.storedMs / 1000) * 1000;
  if (match !== undefined && !holds(match)) return failedReply(headers);
  if (none !== undefined && holds(none)) return notModifiedReply(headers);
  if (storedMs > Date.parse(request["if-unmodified-since"] ?? "")) return failedReply(headers);
  return storedMs <= Date.parse(request["if-modified-since"] ?? "") ? notModifiedReply(headers) : undefined;
}

const notModifiedReply = (headers: Headers): HttpReply => ({
  status: 304,
  headers: { ...headers, "Content-Length": "0" },
});

function failedReply({ "Content-Type": _type, "Accept-Ranges": _ranges, ...headers }: Headers): HttpReply {
  return { status: 412, headers: { ...HTML, ...headers, "Content-Length": "0" } };
}

/**
 * First and last byte that a Range header asks for. `null`: there is nothing there; `undefined`: no range, or one that makes no
 * sense and is ignored. @throws Refusal 501 for several ranges
 */
export function parseRange(
  header: string | undefined,
  length: number,
): readonly [first: number, last: number] | null | undefined {
  const specs = /^bytes=(.+)$/.exec(header ?? "")?.[1]?.split(",") ?? [];
  if (specs.length > 1) throw notSimulated("several ranges at once");
  const [, first, last] = /^\s*(\d*)-(\d*)\s*$/.exec(specs[0] ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") return Number(last) === 0 ? null : [Math.max(0, length - Number(last)), length - 1];
  if (last !== "" && Number(last) < Number(first)) return undefined;
  if (Number(first) >= length) return null;
  return [Number(first), last === "" ? length - 1 : Math.min(Number(last), length - 1)];
}
