import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { type ConsulHandler, type ConsulReply, textReply } from "../wire/handler.ts";
import { HttpError, refuseBadRequest } from "../wire/refusal.ts";
import type { ReadResult } from "../wire/read.ts";
import type { HttpReply, Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";

/** The datacenter, once the caller may read or write its ACLs. @throws HttpError 403 */
export function requireAclRight(call: ConsulCall, access: "read" | "write"): Datacenter {
  call.refuseEnterprise();
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "acl", access);
  return datacenter;
}

/** The answer to a read of something missing: older releases refuse it as they refuse a token. @throws HttpError 404 */
export function missingRead(call: ConsulCall, what: string, index: number): ReadResult {
  if (call.style.isToday) throw new HttpError(404, `Requested ${what} does not exist: ACL not found`);
  return { index, reply: textReply(403, "ACL not found") };
}

/** The answer to a deletion of something missing: for older releases it is done. @throws HttpError 404 */
export function missingDeletion(call: ConsulCall, what: string): HttpReply {
  if (call.style.isToday) throw new HttpError(404, `Cannot find ${what} to delete`);
  return call.json(true);
}

/** A body, with today's texts about namespaces. @throws HttpError 400 */
export function decodeAclBody<const S extends Parameters<typeof decodeBody>[1]>(
  call: ConsulCall,
  shape: S,
  what: string,
): ReturnType<typeof decodeBody<S["fields"]>> {
  try {
    return decodeBody(call, shape, `${what} decoding failed: `);
  } catch (error) {
    if (error instanceof HttpError && error.message.endsWith('json: unknown field "Namespace"'))
      return refuseBadRequest(`${error.message} - Namespaces are a Consul Enterprise feature`);
    throw error;
  }
}

/** Consul appends the hash of nothing to the text, and prints both: FNV-1a over 128 bits, its offset basis. */
export const syntheticId = (rules: string): string =>
  `${Buffer.from(rules, "utf8").toString("hex")}6c62272e07bb014262b821756295c58d`;

/** What 1.8 says where today's release says something else. */
const OLDER_TEXTS: readonly (readonly [today: RegExp, older: string])[] = [
  [
    /^Invalid Token: AccessorID - not a valid UUID$/,
    "Failed acl token lookup by accessor: failed acl token lookup: index error: UUID must be 36 characters",
  ],
  [/ - not a valid UUID$/, " is not a valid UUID"],
  [/ Only lowercase alphanumeric characters,/, " Only alphanumeric characters,"],
  [/ outside of login$/, " outside of Login"],
  [/^Changing a token's /, "Changing a tokens "],
  [/^Cannot toggle local mode/, "cannot toggle local mode"],
  [/^Missing token AccessorID$/, "Missing token ID"],
];

/** A refusal, as the older release says it: a bad request is called one. */
function inOlderWords(reply: ConsulReply, prefix: string): ConsulReply {
  if (!("status" in reply) || prefix === "" || reply.status < 400) return reply;
  const text = OLDER_TEXTS.reduce((said, [today, older]) => said.replace(today, older), String(reply.body ?? ""));
  return { ...reply, body: reply.status === 400 && !text.startsWith(prefix) ? prefix + text : text };
}

/** The answer of every endpoint while ACLs are off. */
export const whenEnabled = (route: Route<ConsulSim> & { readonly handler: ConsulHandler }): Route<ConsulSim> => ({
  ...route,
  handler: (sim, request) => {
    if (!sim.agent.datacenter.acl.options.enabled) return textReply(401, "ACL support disabled");
    return inOlderWords(route.handler(sim, request), sim.agent.options.profile.badRequestPrefix);
  },
});
