import { empty, type HttpReply } from "../../kernel/index.ts";
import { teamScopes } from "../auth/scopes.ts";
import { requireScopes } from "../wire/access.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { HTML } from "../wire/replies.ts";
import { taskInPath, teamsOfTask } from "./task-lookup.ts";

/** `GET /tasks/:id/output`: by type, and by range where the client asks for one. @throws DirectorError 10000, 600000 */
export function showOutput(context: RequestContext): HttpReply {
  const { director, caller, query, request } = context;
  const task = taskInPath(context);
  const type = query.get("type") ?? "debug";
  const teams = teamsOfTask(director, task);
  if (type === "none") return empty(204);
  if (type === "event" || type === "result") {
    requireScopes(caller, teamScopes(teams, "read", director.uuid));
    return rangeReply(request.headers.range, type === "event" ? task.event : task.resultOutput, HTML);
  }
  if (type !== "debug" && type !== "cpi") throw new DirectorError(600000, `Unknown type ${type}`);
  requireScopes(caller, teamScopes(teams, "admin", director.uuid));
  const text = type === "debug" ? task.debug : task.cpi;
  return text === "" ? empty(204) : rangeReply(request.headers.range, text, "text/plain;charset=utf-8");
}

/** One range of bytes, as the director serves outputs from its database (RFC 9110 §14). */
function rangeReply(header: string | undefined, text: string, type: string): HttpReply {
  const match = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(header ?? "");
  const bytes = Buffer.from(text);
  if (match === null || bytes.length === 0) return { status: 200, body: text, headers: { "Content-Type": type } };
  const from = match[3] === undefined ? Number(match[1]) : Math.max(0, bytes.length - Number(match[3]));
  const to =
    match[3] !== undefined
      ? bytes.length - 1
      : match[2] === ""
        ? bytes.length - 1
        : Math.min(Number(match[2]), bytes.length - 1);
  if (from >= bytes.length)
    return {
      status: 416,
      body: "Byte range unsatisfiable\n",
      headers: { "Content-Type": type, "Content-Range": `bytes */${bytes.length}` },
    };
  return {
    status: 206,
    body: bytes.subarray(from, to + 1),
    headers: { "Content-Type": type, "Content-Range": `bytes ${from}-${to}/${bytes.length}` },
  };
}
