import type { HttpReply } from "../../../kernel/index.ts";
import type { Cinder } from "../state/cinder.ts";
import { checkRequest, tableOf } from "./body.ts";
import { forbiddenByPolicy, notFound, notSimulated } from "./errors.ts";
import { ok } from "./replies.ts";
import type { CinderCall } from "./request.ts";
import { MICROVERSIONS } from "./versions.ts";
import { microversionOf } from "../../microversion.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";

/** A route of Cinder. */
export interface CinderRoute {
  readonly method: string;
  /** After `/v3` or `/v3/PROJECT`. */
  readonly path: string;
  /** First microversion that has it. */
  readonly from?: number;
  /** Admin only: the rule that the refusal names. */
  readonly admin?: string;
  readonly clients?: readonly string[];
  /** Whether it is refused before the project in the path is looked at. */
  readonly isForAnyProject?: true;
  /** Whether it is served only without a project in front. Default false. */
  readonly isOfNoProject?: true;
  readonly handler: (call: CinderCall) => HttpReply;
}

/** Serves every path with the project in front and without it. */
export function mountRoute(cinder: Cinder, route: CinderRoute): readonly OpenStackRoute[] {
  const table = tableOf(route.method, route.path);
  const handler = (context: RequestContext): HttpReply => {
    const { actor, params, query, requestId, request } = context;
    const version = microversionOf(MICROVERSIONS, request.headers);
    if (version < (route.from ?? 0)) throw notFound("The resource could not be found.");
    const call: CinderCall = { cinder, context, actor, params, query, requestId, version };
    checkRequest(call, table);
    if (route.admin !== undefined && !actor.isAdmin) throw forbiddenByPolicy(route.admin);
    return route.handler(call);
  };
  const common = { method: route.method, handler, ...(route.clients && { clients: route.clients }) };
  if (route.isOfNoProject === true) return [{ ...common, path: `/v3${route.path}` }];
  return [
    { ...common, path: `/v3/:${route.isForAnyProject === true ? "other" : "project"}${route.path}` },
    { ...common, path: `/v3${route.path}` },
  ];
}

/** The lists of a resource that never has any items. */
export const emptyListRoutes = (path: string, member: string, from?: number): readonly CinderRoute[] =>
  [path, `${path}/detail`].map((each) => ({
    method: "GET",
    path: each,
    ...(from !== undefined && { from }),
    handler: () => ok({ [member]: [] }),
  }));

/** A route that refuses with 400 what this simulator does not model. */
export const unmodelledRoute = (method: string, path: string, what: string): CinderRoute => ({
  method,
  path,
  handler: () => {
    throw notSimulated(what);
  },
});
