import { type ConsulCall, type ConsulSim, decodeBody } from "../wire/call.ts";
import { type ConsulHandler, textReply } from "../wire/handler.ts";
import { HttpError, refuseBadRequest } from "../wire/refusal.ts";
import type { Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";

/** The datacenter, once the caller may read or write its ACLs. @throws HttpError 403 */
export function requireAclRight(call: ConsulCall, access: "read" | "write"): Datacenter {
  call.refuseEnterprise();
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "acl", access);
  return datacenter;
}

/** The refusal of a read of something missing. @throws HttpError 404 */
export const refuseUnknown = (what: string): never => {
  throw new HttpError(404, `Requested ${what} does not exist: ACL not found`);
};

/** The refusal of a deletion of something missing. @throws HttpError 404 */
export const refuseDeletion = (what: string): never => {
  throw new HttpError(404, `Cannot find ${what} to delete`);
};

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

/** The answer of every endpoint while ACLs are off. */
export const whenEnabled = (route: Route<ConsulSim> & { readonly handler: ConsulHandler }): Route<ConsulSim> => ({
  ...route,
  handler: (sim, request) =>
    sim.agent.datacenter.acl.options.enabled ? route.handler(sim, request) : textReply(401, "ACL support disabled"),
});
