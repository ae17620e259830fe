import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";

function versions({ cloud, request }: RequestContext): HttpReply {
  const links = [{ rel: "self", href: `${cloud.root("network", request)}/v2.0/` }];
  return json(200, { versions: [{ id: "v2.0", status: "CURRENT", links }] });
}

function resources({ cloud, request }: RequestContext): HttpReply {
  const root = cloud.root("network", request);
  const view = (name: string): object => ({
    name,
    collection: `${name}s`,
    links: [{ rel: "self", href: `${root}/v2.0/${name}s` }],
  });
  return json(200, { resources: ["network", "subnet", "subnetpool", "port"].map(view) });
}

const clients = ["openstack"];

/** The version documents: of the service, open to all, and of the version. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/", open: true, clients, handler: versions },
  { method: "GET", path: "/healthcheck", open: true, handler: () => json(200, { detailed: false, reasons: ["OK"] }) },
  { method: "GET", path: "/v2.0/", clients, handler: resources },
];
