import { type HttpReply, isUuidLike } from "../../../../kernel/index.ts";
import { Refusal } from "../../../refusal.ts";
import { readBody } from "../../wire/body.ts";
import { badRequest, forbidden, notFound } from "../../wire/errors.ts";
import { emptyReply, HTML_TYPE } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";

/** Rewords Neutron's refusals as Nova does: in use or duplicate is a bad request, a full quota is forbidden. */
export function rewordRefusals<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 404) throw notFound(error.message);
    if (error.type === "OverQuota") throw forbidden(error.message);
    throw badRequest(error.message);
  }
}

/** The id in the path. @throws Refusal 400 */
export function requireId({ params }: NovaCall, what: string): string {
  const id = params.id ?? "";
  if (!isUuidLike(id)) throw badRequest(`${what} id should be uuid`);
  return id;
}

/** The member of the body, an object. @throws Refusal 400 */
export function requireMember(call: NovaCall, name: string): Readonly<Record<string, unknown>> {
  const body = readBody(call);
  const [, member] = Object.entries(body ?? {}).find(([key]) => key === name) ?? [];
  if (typeof member !== "object" || member === null) throw badRequest(`Missing parameter ${name}`);
  return { ...member };
}

/** Does work in Neutron and answers 202 without a body. */
export const runAndReply = (work: () => void): HttpReply => {
  rewordRefusals(work);
  return emptyReply(202, HTML_TYPE);
};
