import { type HttpReply, serialise } from "../../../kernel/index.ts";
import type { OpenStackRoute } from "../../service.ts";

/** The HEAD that Flask derives from a GET: its headers and its length, without the body. */
const headRoute = (route: OpenStackRoute): OpenStackRoute => ({
  ...route,
  method: "HEAD",
  clients: [],
  handler: (context) => withoutBody(route.handler(context)),
});

function withoutBody(reply: HttpReply): HttpReply {
  const { body, headers } = serialise(reply);
  return { status: reply.status, headers: { ...headers, "Content-Length": String(Buffer.byteLength(body)) } };
}

/** The routes, with a HEAD after each GET unless the path has one of its own. */
export function withHeads(routes: readonly OpenStackRoute[]): readonly OpenStackRoute[] {
  const heads = new Set(routes.filter(({ method }) => method === "HEAD").map(({ path }) => path));
  return routes.flatMap((route) =>
    route.method === "GET" && !heads.has(route.path) ? [route, headRoute(route)] : [route],
  );
}
