import { hasIndexOrId, requireDeployment } from "../state/lookup.ts";
import type { HttpRequest } from "../../kernel/index.ts";
import type { Caller } from "../auth/scopes.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "./errors.ts";
import { isRubyInteger, readRowId } from "./integers.ts";

/** The arguments of a handler. */
export interface RequestContext {
  readonly director: Director;
  readonly request: HttpRequest;
  readonly caller: Caller;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
}

/** A parameter of the route's path. */
export const pathParam = ({ params }: RequestContext, name: string): string => params[name] ?? "";

/** The deployment that the path names. @throws DirectorError 70000 */
export const deploymentInPath = (context: RequestContext): Deployment =>
  requireDeployment(context.director, pathParam(context, "deployment"));

/**
 * The instance that the path names by index or id.
 *
 * @param isStrict whether a name that can be neither is refused as invalid; default true
 * @throws DirectorError 70001, 70002
 */
export function instanceInPath(context: RequestContext, isStrict = true): Instance {
  const [group, id] = [pathParam(context, "group"), pathParam(context, "id")];
  const { name, instances } = deploymentInPath(context);
  if (isStrict && !isRubyInteger(id) && !/^[A-Fa-f0-9]{8}-[A-Fa-f0-9-]{27}$/m.test(id))
    throw new DirectorError(70002, `Invalid instance index or id '${id}'`);
  // The database compares an index as a number.
  if (/^\d+$/.test(id)) readRowId(id);
  const instance = instances.find((each) => each.group === group && hasIndexOrId(each, id));
  if (instance === undefined) throw new DirectorError(70001, `'${name}/${group}/${id}' doesn't exist`);
  return instance;
}

/** The header by which clients mark tasks that belong together. */
export const contextIdOf = ({ request }: RequestContext): string | undefined => request.headers["x-bosh-context-id"];
