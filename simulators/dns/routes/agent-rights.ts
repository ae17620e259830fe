import type { Route } from "../../kernel/index.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import type { ConsulHandler } from "../wire/handler.ts";
import { refuseInternally } from "../wire/refusal.ts";

/** The caller's rights on this agent, which answers for itself even without a leader. @throws HttpError */
export const rightsOf = (call: ConsulCall): Authorizer => call.authorizer(call.agent.datacenter);

/** @throws HttpError 403 unless the caller may write this service */
export function requireServiceWrite(call: ConsulCall, authorizer: Authorizer, service: string): void {
  call.require(authorizer, "service", "write", service, `: Missing service:write on ${service}`);
}

/** @throws HttpError 403 unless the caller may write the agent's node */
export function requireNodeWrite(call: ConsulCall, authorizer: Authorizer, node: string): void {
  call.require(authorizer, "node", "write", node, `: Missing node:write on ${node}`);
}

/** Whether ACLs are on. */
export const hasAcl = (call: ConsulCall): boolean => call.agent.datacenter.acl.options.enabled;

/** Refuses a definition that runs a script, which callers of the API may not have. @throws HttpError 500 */
export function refuseScript(): never {
  return refuseInternally(
    "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
  );
}

/** Routes whose last segment may be empty, which Consul's own handler then handles. */
export const withEmptyRest = (
  method: string,
  path: string,
  handler: ConsulHandler,
  clients: readonly string[] = [],
): readonly Route<ConsulSim>[] => ["", "*rest"].map((rest) => ({ method, path: path + rest, handler, clients }));
