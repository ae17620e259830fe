import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { rootOf } from "../wire/request.ts";

const UPDATED = "2022-06-29T00:00:00Z";

function versions(context: RequestContext): HttpReply {
  const links = [
    { href: rootOf(context), rel: "self" },
    { href: "https://docs.openstack.org/api-ref/dns", rel: "help" },
  ];
  const version = (id: string, status: string): object => ({ id, status, updated: UPDATED, links });
  return json(200, { versions: [version("v2", "SUPPORTED"), version("v2.0", "CURRENT")] });
}

/** `/`: the version document, open to all. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/", open: true, clients: ["openstack"], handler: versions },
];
