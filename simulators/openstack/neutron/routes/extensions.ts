import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
// The extensions of a Neutron with ML2, the router, segments, port security and DNS integration.
import EXTENSIONS from "./extensions.json" with { type: "json" };

type Extension = (typeof EXTENSIONS)[number];

const view = ({ name, alias, description, updated }: Extension): object => ({
  name,
  alias,
  description,
  updated,
  links: [],
});

/** The only route of this API that fails with a page of the web framework. */
function show({ params }: RequestContext): HttpReply {
  const extension = EXTENSIONS.find(({ alias }) => alias === params.alias);
  if (extension !== undefined) return json(200, { extension: view(extension) });
  return json(404, {
    message: `The resource could not be found.<br /><br />\nExtension with alias ${params.alias} does not exist\n\n`,
    code: "404 Not Found",
    title: "Not Found",
  });
}

const clients = ["openstack"];

/** `/v2.0/extensions` */
export const EXTENSION_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/v2.0/extensions",
    clients,
    handler: () => json(200, { extensions: EXTENSIONS.map(view) }),
  },
  { method: "GET", path: "/v2.0/extensions/:alias", clients, handler: show },
];
