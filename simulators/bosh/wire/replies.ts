import { empty, type HttpReply } from "../../kernel/index.ts";
import type { Task } from "../state/tasks.ts";
import type { RequestContext } from "./context.ts";
import type { DirectorError } from "./errors.ts";

/** The media type of most routes: JSON labelled as HTML, as by the director's framework. */
export const HTML = "text/html;charset=utf-8";

/** JSON labelled as HTML, the answer of most routes. */
export const htmlJson = (status: number, value: unknown): HttpReply => ({
  status,
  json: value,
  headers: { "Content-Type": HTML },
});

/** A text labelled as HTML. */
export const htmlText = (status: number, body: string): HttpReply => ({
  status,
  body,
  headers: { "Content-Type": HTML },
});

/** An error in the director's form: `{code, description}`. */
export const errorReply = (error: DirectorError): HttpReply =>
  htmlJson(error.status, { code: error.code, description: error.message });

/** The answer to an unknown caller. */
export const notAuthorized = (path: string): HttpReply => htmlText(401, `Not authorized: '${path}'\n`);

/** The answer if a path is known but no route of it matches. */
export const noEndpoint = (path: string): HttpReply => htmlText(404, `Endpoint '${path}' not found.`);

/** An empty answer, with the framework's default media type unless it is a 204. */
export const emptyReply = (status: 200 | 201 | 204 = 204): HttpReply =>
  status === 204 ? empty(204) : { status, body: "", headers: { "Content-Type": HTML } };

/** The framework's answer when a handler meets something unforeseen. */
export const brokenReply: HttpReply = { status: 500, body: "", headers: { "Content-Type": HTML } };

/** Redirects the client to the task that its request started. */
export function redirectToTask({ director, request }: RequestContext, task: Task): HttpReply {
  const status = request.method === "GET" ? 302 : (director.options.redirectStatus ?? 303);
  const host = request.headers.host ?? "";
  return { status, body: "", headers: { "Content-Type": HTML, Location: `https://${host}/tasks/${task.id}` } };
}
