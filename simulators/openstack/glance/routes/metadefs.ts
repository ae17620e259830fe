import { type HttpReply, json } from "../../../kernel/index.ts";
import { notSimulated } from "../../refusal.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import { forAdministrators } from "../wire/policy.ts";

const NAMESPACES = "/v2/metadefs/namespaces";

function listNamespaces({ query }: RequestContext): HttpReply {
  const text = query.toString();
  return json(200, {
    namespaces: [],
    first: text === "" ? NAMESPACES : `${NAMESPACES}?${text}`,
    schema: "/v2/schemas/metadefs/namespaces",
  });
}

/** Metadata definitions, of which there are none; creating them is not simulated. */
export const METADEF_ROUTES: readonly OpenStackRoute[] = [
  ...["POST", "PUT", "DELETE"].map((method) => ({
    method,
    path: "/v2/metadefs/*rest",
    handler: forAdministrators("modify_metadef", "metadata definitions"),
  })),
  {
    method: "GET",
    path: "/v2/schemas/metadefs/:name",
    clients: ["openstack"],
    handler: () => {
      throw notSimulated("metadata definitions");
    },
  },
  { method: "GET", path: NAMESPACES, clients: ["openstack"], handler: listNamespaces },
  {
    method: "GET",
    path: "/v2/metadefs/resource_types",
    clients: ["openstack"],
    handler: () => json(200, { resource_types: [] }),
  },
];
