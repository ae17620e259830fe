import { bodyJson, type HttpReply, isObject } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";

/** @throws Refusal 415 when the body is of another type */
export function requireType(
  { request }: RequestContext,
  types: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): void {
  // A message without a type is plain text, by the rules of mail.
  const type = (request.headers["content-type"] ?? "text/plain").split(";")[0]?.trim() ?? "";
  if (types.includes(type)) return;
  const page = `The request media type ${type} is not supported by this server.\n<br /><br />\n`;
  throw new Refusal(415, "", "", { members: { page }, headers });
}

/** The body as a JSON object or list. @throws Refusal 400 */
export function readBody({ request }: RequestContext): object {
  if (request.body.length === 0) throw new Refusal(400, "", "Body expected in request.");
  const body = bodyJson(request);
  if (!body.ok) throw new Refusal(400, "", "Malformed JSON in request body.");
  if (typeof body.value !== "object" || body.value === null)
    throw new Refusal(400, "", "Unexpected body type. Expected list/dict.");
  return body.value;
}

/** The members of the body; of a list, none. @throws Refusal 400 */
export function readMembers(context: RequestContext): Readonly<Record<string, unknown>> {
  const body = readBody(context);
  return isObject(body) ? body : {};
}

/** A successful reply without a body. */
export const emptyReply = (status: number): HttpReply => ({
  status,
  body: "",
  headers: { "Content-Type": "text/html; charset=UTF-8" },
});
