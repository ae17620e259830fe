import type { HttpReply } from "../../../kernel/index.ts";
import type { Nova } from "../state/nova.ts";
import { noResource } from "./errors.ts";
import { type NovaCall, readCall } from "./request.ts";
import { checkRequest, tableOf } from "./request-tables.ts";
import type { OpenStackRoute } from "../../service.ts";

/** A route of Nova. */
export interface NovaRoute {
  readonly method: string;
  /** Without version and project. */
  readonly path: string;
  /** First and last microversion that has it. */
  readonly from?: number;
  readonly to?: number;
  readonly clients?: readonly string[];
  readonly handler: (call: NovaCall) => HttpReply;
}

/** The last microversion with the proxies. */
const LAST_PROXY = 35;

/** A route that stands in for a neighbour's API, up to and including microversion 2.`to`. */
export const proxyRoute = (
  method: string,
  path: string,
  handler: NovaRoute["handler"],
  to = LAST_PROXY,
): NovaRoute => ({
  method,
  path,
  to,
  handler,
});

/** Binds a route to a Nova; outside of its microversions it does not exist. */
export const mountRoute = (nova: Nova, route: NovaRoute): OpenStackRoute => {
  const table = tableOf(route.method, route.path);
  return {
    method: route.method,
    path: route.path,
    ...(route.clients && { clients: route.clients }),
    handler: (context) => {
      const call = readCall(nova, context);
      if (call.version < (route.from ?? 0) || call.version > (route.to ?? Number.POSITIVE_INFINITY)) throw noResource();
      checkRequest(call, table);
      return route.handler(call);
    },
  };
};
