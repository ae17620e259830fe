import { type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context, OpenStackRoute } from "../../common/service.ts";
import { prefixOf } from "../behaviour/ip.ts";
import { EXTENSIONS } from "./extensions-data.ts";
import { conflict, type Neutron, notSimulated, owned } from "../wire/wire.ts";

/*
 * The smaller surfaces: versions, extensions, and what a cloud without agents answers.
 */

const extension = ([alias, name, description, updated]: (typeof EXTENSIONS)[number]): object => ({
  name,
  alias,
  description,
  updated,
  links: [],
});

/** Alone among the routes of this API it fails with a page of the web framework. */
function extensionOf({ params }: Context): HttpReply {
  const found = EXTENSIONS.find(([alias]) => alias === params.alias);
  if (found !== undefined) return json(200, { extension: extension(found) });
  return json(404, {
    message: `The resource could not be found.<br /><br />\nExtension with alias ${params.alias} does not exist\n\n`,
    code: "404 Not Found",
    title: "Not Found",
  });
}

function version({ cloud, request }: Context): HttpReply {
  const links = [{ rel: "self", href: `${cloud.root("network", request)}/v2.0/` }];
  return json(200, { versions: [{ id: "v2.0", status: "CURRENT", links }] });
}

function resources({ cloud, request }: Context): HttpReply {
  const root = cloud.root("network", request);
  const one = (name: string): object => ({
    name,
    collection: `${name}s`,
    links: [{ rel: "self", href: `${root}/v2.0/${name}s` }],
  });
  return json(200, { resources: ["network", "subnet", "subnetpool", "port"].map(one) });
}

const PROVIDERS = ["dvrha", "dvr", "ha", "single_node"].map((name) => ({
  service_type: "L3_ROUTER_NAT",
  name,
  default: false,
}));

/** How full the networks are; for administrators, others see none. */
function availabilities(neutron: Neutron, { actor }: Context): HttpReply {
  const { networks, subnets, ports } = neutron.slot.value;
  if (!actor.isAdmin) return json(200, { network_ip_availabilities: [] });
  const shown = [...networks.values()].map((network) => {
    const own = network.subnets.flatMap((id) => subnets.get(id) ?? []);
    const used = (subnetId: string): number =>
      [...ports.values()].filter(({ fixedIps }) => fixedIps.some((each) => each.subnetId === subnetId)).length;
    const each = own.map((subnet) => {
      const prefix = prefixOf(subnet.cidr);
      const total = prefix === undefined ? 0 : Number(prefix.last - prefix.first) - 1;
      return {
        subnet_id: subnet.id,
        subnet_name: subnet.name,
        cidr: subnet.cidr,
        ip_version: subnet.version,
        total_ips: total,
        used_ips: used(subnet.id),
      };
    });
    const sum = (key: "total_ips" | "used_ips"): number => each.reduce((total, one) => total + one[key], 0);
    return {
      network_id: network.id,
      network_name: network.name,
      ...owned(network.projectId),
      subnet_ip_availability: each,
      total_ips: sum("total_ips"),
      used_ips: sum("used_ips"),
    };
  });
  return json(200, { network_ip_availabilities: shown });
}

const EMPTY: readonly (readonly [path: string, member: string])[] = [
  ["agents", "agents"],
  ["availability_zones", "availability_zones"],
  ["flavors", "flavors"],
  ["segments", "segments"],
  ["address-scopes", "address_scopes"],
  ["address-groups", "address_groups"],
  ["floatingip_pools", "floatingip_pools"],
  ["service_profiles", "service_profiles"],
];
const CREATABLE = ["address-scopes", "address-groups", "segments", "flavors"];

export function surfaceRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  const get = (path: string, handler: OpenStackRoute["handler"], isOpen = false): OpenStackRoute => ({
    method: "GET",
    path,
    clients: ["openstack"],
    handler,
    ...(isOpen && { open: true }),
  });
  return [
    get("/", version, true),
    get("/v2.0", resources),
    get("/v2.0/", resources),
    get("/v2.0/extensions", () => json(200, { extensions: EXTENSIONS.map(extension) })),
    get("/v2.0/extensions/:alias", extensionOf),
    get("/v2.0/service-providers", () => json(200, { service_providers: PROVIDERS })),
    get("/v2.0/network-ip-availabilities", (context) => availabilities(neutron, context)),
    get("/v2.0/auto-allocated-topology/:project", ({ params, actor }) => {
      if (params.project !== actor.projectId && !actor.isAdmin)
        throw new Refusal(403, "NotAuthorized", "Not authorized.");
      throw conflict("AutoAllocationFailure", "Deployment error: No default router:external network.");
    }),
    ...EMPTY.map(([path, member]) => get(`/v2.0/${path}`, () => json(200, { [member]: [] }))),
    ...CREATABLE.map(
      (path): OpenStackRoute => ({
        method: "POST",
        path: `/v2.0/${path}`,
        handler: () => {
          throw notSimulated(path);
        },
      }),
    ),
  ];
}
