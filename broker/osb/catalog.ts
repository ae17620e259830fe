import { hash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { OperationContext } from "../operations/context.ts";
import { catalogOf } from "../spi/catalog.ts";
import { clientOf } from "../dashboard/clients.ts";
import type { Offering } from "../spi/services/service.ts";
import { CATALOG_PATH } from "./headers.ts";

/** GET /v2/catalog. The catalog never changes while the broker runs, so a platform that has it gets 304. */
export function catalogRoute(app: FastifyInstance, { service, catalog, config }: OperationContext): void {
  const { dashboard } = config;
  const dashboardOf = (offering: Offering) => {
    if (dashboard === undefined) return undefined;
    const { id, secret, redirectUri } = clientOf(dashboard, offering);
    return { id, secret, redirect_uri: redirectUri };
  };
  const text = JSON.stringify(catalogOf(service, catalog, dashboardOf));
  const tag = `"${hash("sha256", text)}"`;
  app.get(CATALOG_PATH, (request, reply) => {
    reply.header("ETag", tag);
    const known = (request.headers["if-none-match"] ?? "").split(",").map((each) => each.trim());
    if (known.includes(tag) || known.includes("*")) return reply.code(304).send();
    return reply.type("application/json; charset=utf-8").send(text);
  });
}
