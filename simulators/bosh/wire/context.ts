import type { HttpRequest } from "../../kernel/index.ts";
import type { Caller } from "../auth/scopes.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "./errors.ts";

/** What a handler works with. */
export interface RequestContext {
  readonly director: Director;
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
}

/** @throws DirectorError 70000 */
export function deploymentInPath({ director, params }: RequestContext): Deployment {
  const name = params.deployment ?? "";
  const deployment = director.slot.value.deployments.get(name);
  if (deployment === undefined) throw new DirectorError(70000, `Deployment '${name}' doesn't exist`);
  return deployment;
}

/** An instance by index or uuid. @throws DirectorError 70001, 70002 */
export function instanceInPath(context: RequestContext, isStrict = true): Instance {
  const { group, id = "" } = context.params;
  const deployment = deploymentInPath(context);
  if (isStrict && !/^\d+$/.test(id) && !/^[0-9a-f-]{36}$/.test(id))
    throw new DirectorError(70002, `Invalid instance index or id '${id}'`);
  const found = deployment.instances.find(
    (each) => each.group === group && (each.id === id || String(each.index) === id),
  );
  if (found === undefined) throw new DirectorError(70001, `'${deployment.name}/${group}/${id}' doesn't exist`);
  return found;
}

export const contextIdOf = ({ request }: RequestContext): string | undefined => request.headers["x-bosh-context-id"];
