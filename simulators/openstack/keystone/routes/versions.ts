import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { rootOf } from "../wire/links.ts";

const version = (context: RequestContext): object => ({
  id: "v3.14",
  status: "stable",
  updated: "2020-04-07T00:00:00Z",
  links: [{ rel: "self", href: `${rootOf(context)}/` }],
  "media-types": [{ base: "application/json", type: "application/vnd.openstack.identity-v3+json" }],
});

const listVersions = (context: RequestContext): HttpReply =>
  json(300, { versions: { values: [version(context)] } }, { Location: `${rootOf(context)}/` });

const showVersion = (context: RequestContext): HttpReply => json(200, { version: version(context) });

/** The versions of the API. */
export const VERSION_ROUTES: readonly OpenStackRoute[] = [
  { method: "GET", path: "/", open: true, handler: listVersions },
  { method: "GET", path: "/v3", open: true, handler: showVersion, clients: ["openstack"] },
  { method: "GET", path: "/v3/", open: true, handler: showVersion },
  { method: "GET", path: "/healthcheck", open: true, handler: () => json(200, { detailed: false, reasons: [] }) },
];
