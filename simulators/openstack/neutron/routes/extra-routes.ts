import { bodyJson, type HttpReply, json } from "../../../kernel/index.ts";
import { str } from "../../python/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { checkRoutes } from "../behaviour/routers.ts";
import type { HostRoute, RouterRow } from "../state/rows.ts";
import { type Neutron, touch } from "../state/state.ts";
import { InvalidValue } from "../wire/converters.ts";
import { httpBadRequest } from "../wire/errors.ts";
import { isDictionary, routes } from "../wire/structures.ts";
import { requireRow } from "./resource.ts";
import { ROUTERS } from "./routers.ts";

/** The routes in a body. @throws Refusal 400 */
function routesIn({ request }: RequestContext): readonly HostRoute[] {
  const body = bodyJson(request);
  const router = body.ok && isDictionary(body.value) ? body.value.router : undefined;
  if (!isDictionary(router)) throw httpBadRequest("Unable to find 'router' in request body");
  const unknown = Object.keys(router).filter((name) => name !== "routes");
  if (unknown.length > 0) throw httpBadRequest(`Unrecognized attribute(s) '${unknown.join(", ")}'`);
  try {
    return routes(router.routes);
  } catch (error) {
    if (error instanceof InvalidValue) throw httpBadRequest(`Invalid input for routes. Reason: ${error.message}`);
    throw error;
  }
}

const isSame = (one: HostRoute, other: HostRoute): boolean =>
  one.destination === other.destination && one.nexthop === other.nexthop;

/** Adding and removing some of a router's routes without a look at the others (`extraroute-atomic`). */
export function extraRouteActions(neutron: Neutron): readonly OpenStackRoute[] {
  const change =
    (next: (row: RouterRow, given: readonly HostRoute[]) => readonly HostRoute[]) =>
    (context: RequestContext): HttpReply => {
      const row = requireRow(neutron, ROUTERS, context.actor, context.params.id ?? "");
      const wanted = next(row, routesIn(context));
      checkRoutes(neutron, row, wanted);
      if (str(wanted) !== str(row.routes)) touch(neutron, row);
      row.routes = wanted;
      neutron.cloud.kernel.record("neutron", "router.routes", row.id, { routes: wanted.length });
      return json(200, { router: ROUTERS.view(neutron, context.actor, row) });
    };
  return [
    {
      method: "PUT",
      path: "/v2.0/routers/:id/add_extraroutes",
      clients: ["openstack"],
      handler: change((row, given) => [
        ...row.routes,
        ...given.filter((route) => !row.routes.some((each) => isSame(each, route))),
      ]),
    },
    {
      method: "PUT",
      path: "/v2.0/routers/:id/remove_extraroutes",
      clients: ["openstack"],
      handler: change((row, given) => row.routes.filter((route) => !given.some((each) => isSame(each, route)))),
    },
  ];
}
