import { empty, type HttpReply } from "../../kernel/index.ts";
import type { Task } from "../state/tasks.ts";
import type { RequestContext } from "./context.ts";
import type { DirectorError } from "./errors.ts";

/** Text of most routes: JSON that calls itself HTML, as the director's framework has it. */
export const HTML = "text/html;charset=utf-8";

/** JSON that calls itself HTML, as most routes answer. */
export const htmlJson = (status: number, value: unknown): HttpReply => ({
  status,
  json: value,
  headers: { "Content-Type": HTML },
});

/** A text that calls itself HTML. */
export const htmlText = (status: number, body: string): HttpReply => ({
  status,
  body,
  headers: { "Content-Type": HTML },
});

/** An error as the director answers it: `{code, description}`. */
export const errorReply = (error: DirectorError): HttpReply =>
  htmlJson(error.status, { code: error.code, description: error.message });

/** The answer to a caller whom the director does not know. */
export const notAuthorized = (path: string): HttpReply => htmlText(401, `Not authorized: '${path}'\n`);

/** The answer where a path is known and no route of it matches. */
export const noEndpoint = (path: string): HttpReply => htmlText(404, `Endpoint '${path}' not found.\n`);

/** An empty answer: of the framework's own type unless it is 204. */
export const emptyReply = (status: 200 | 201 | 204 = 204): HttpReply =>
  status === 204 ? empty(204) : { status, body: "", headers: { "Content-Type": HTML } };

/** What the framework answers when a handler meets what nobody foresaw. */
export const brokenReply: HttpReply = { status: 500, body: "", headers: { "Content-Type": HTML } };

/** Sends the client to the task that its request began. */
export function redirectToTask({ director, request }: RequestContext, task: Task): HttpReply {
  const status = request.method === "GET" ? 302 : (director.options.redirectStatus ?? 303);
  const host = request.headers.host ?? "";
  return { status, body: "", headers: { "Content-Type": HTML, Location: `https://${host}/tasks/${task.id}` } };
}
