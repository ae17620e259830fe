import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
// The extensions of a Neutron with ML2, the router, segments, port security and DNS integration.
import EXTENSIONS from "./extensions.json" with { type: "json" };

// Those of the plugins that a cloud with agents loads besides.
import MORE_EXTENSIONS from "./more-extensions.json" with { type: "json" };
import type { Neutron } from "../state/state.ts";

type Extension = (typeof EXTENSIONS)[number];

/** The extensions that are loaded. */
const extensionsOf = ({ cloud }: Pick<Neutron, "cloud">): readonly Extension[] =>
  cloud.profile === "rig" ? EXTENSIONS : [...EXTENSIONS, ...MORE_EXTENSIONS];

const view = ({ name, alias, description, updated }: Extension): object => ({
  name,
  alias,
  description,
  updated,
  links: [],
});

/** The only route of this API that fails with a page of the web framework. */
function show({ params, cloud }: RequestContext): HttpReply {
  const extension = extensionsOf({ cloud }).find(({ alias }) => alias === params.alias);
  if (extension !== undefined) return json(200, { extension: view(extension) });
  return json(404, {
    message: `The resource could not be found.<br /><br />\nExtension with alias ${params.alias} does not exist\n\n`,
    code: "404 Not Found",
    title: "Not Found",
  });
}

const clients = ["openstack"];

/** `/v2.0/extensions` */
export const extensionRoutes = (neutron: Neutron): readonly OpenStackRoute[] => [
  {
    method: "GET",
    path: "/v2.0/extensions",
    clients,
    handler: () => json(200, { extensions: extensionsOf(neutron).map(view) }),
  },
  { method: "GET", path: "/v2.0/extensions/:alias", clients, handler: show },
];
