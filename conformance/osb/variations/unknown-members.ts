import { isObject, type JsonObject } from "../../client/http/json.ts";
import type { Answer } from "../../client/answer.ts";
import type { Offer } from "../../client/catalog.ts";
import { isSuccess } from "../../client/request.ts";
import type { OsbContext } from "../context.ts";
import { attemptProvision } from "./attempts.ts";

/** The check whose finding it is that unknown members stop a request. Binds since 2.14. */
export const UNKNOWN_HALT = "vendor-request-fields-do-not-halt";

/** Members that no version defines, wherever a broker might trip over them. */
export function extendBody(body: JsonObject): JsonObject {
  const inner = (name: string) => {
    const value = body[name];
    return isObject(value) ? { [name]: { ...value, drydock_ext: { a: 1 } } } : {};
  };
  return {
    ...body,
    drydock_ext: "ignore me",
    ...inner("context"),
    ...inner("bind_resource"),
    ...inner("previous_values"),
  };
}

/** The answer to a provision with such members, if that is a refusal. */
export async function refusalOfUnknownMembers(context: OsbContext, offer: Offer): Promise<Answer | undefined> {
  const answer = await attemptProvision(context, offer, { body: extendBody(context.provisionBody(offer)) });
  return isSuccess(answer) ? undefined : answer;
}
