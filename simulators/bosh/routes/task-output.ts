import { empty, type HttpReply } from "../../kernel/index.ts";
import { teamScopes } from "../auth/scopes.ts";
import { requireScopes } from "../wire/access.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { toRubyInteger } from "../wire/integers.ts";
import { HTML } from "../wire/replies.ts";
import { taskInPath, teamsOfTask } from "./task-lookup.ts";

/** `GET /tasks/:id/output`: by type, and by range if the client asks for one. @throws DirectorError 10000, 600000 */
export function showOutput(context: RequestContext): HttpReply {
  const { director, caller, query, request } = context;
  const task = taskInPath(context);
  const type = query.get("type") ?? "debug";
  const teams = teamsOfTask(director, task);
  if (type === "none" || type === "event" || type === "result") {
    requireScopes(caller, teamScopes(teams, "read", director.uuid));
    if (type === "none") return empty(204);
    return rangeReply(request.headers.range, type === "event" ? task.event : task.resultOutput, HTML);
  }
  if (type !== "debug" && type !== "cpi") throw new DirectorError(600000, `Unknown type ${type}`);
  requireScopes(caller, teamScopes(teams, "admin", director.uuid));
  const text = type === "debug" ? task.debug : task.cpi;
  return text === "" ? empty(204) : rangeReply(request.headers.range, text, "text/plain;charset=utf-8");
}

/** The ranges that a client asks for, as Rack reads them; undefined if everything is sent. */
function readRanges(
  header: string | undefined,
  size: number,
): readonly (readonly [from: number, to: number])[] | undefined {
  const given = /bytes=([^;]+)/.exec(header ?? "")?.[1];
  if (given === undefined || size === 0) return undefined;
  const ranges: [number, number][] = [];
  for (const spec of given.split(/,[ \t]*/)) {
    const [first = "", last] = spec.split("-");
    if (!spec.includes("-") || (first === "" && (last ?? "") === "" && spec === "-")) return undefined;
    const isSuffix = first === "";
    const from = isSuffix ? Math.max(0, size - toRubyInteger(last ?? "")) : toRubyInteger(first);
    const to = isSuffix || (last ?? "") === "" ? size - 1 : toRubyInteger(last ?? "");
    if (!isSuffix && (last ?? "") !== "" && to < from) return undefined;
    const end = Math.min(to, size - 1);
    if (from <= end) ranges.push([from, end]);
  }
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0) > size ? [] : ranges;
}

/** One range of bytes of an output; several ranges are not sent as parts. */
function rangeReply(header: string | undefined, text: string, type: string): HttpReply {
  const bytes = Buffer.from(text);
  const ranges = readRanges(header, bytes.length);
  if (ranges === undefined || ranges.length > 1) return { status: 200, body: text, headers: { "Content-Type": type } };
  const [range] = ranges;
  if (range === undefined)
    return {
      status: 416,
      body: "Byte range unsatisfiable",
      headers: { "Content-Type": type, "Content-Range": `bytes */${bytes.length}` },
    };
  const [from, to] = range;
  return {
    status: 206,
    body: bytes.subarray(from, to + 1),
    headers: { "Content-Type": type, "Content-Range": `bytes ${from}-${to}/${bytes.length}` },
  };
}
