import { json, type Service } from "../../kernel/index.ts";
import type { Cloud, ServerOps } from "../cloud.ts";
import { type OpenStackRoute, openStackService } from "../common/service.ts";
import { defineBehaviour } from "./behaviour.ts";
import { callOf, normalised, noResource, type NovaRoute, ok } from "./call.ts";
import { addFlavor, FLAVOR_ROUTES, type NewFlavor } from "./flavors.ts";
import { KEYPAIR_ROUTES } from "./keypairs.ts";
import { QUOTA_ROUTES, quotaOf } from "./quotas.ts";
import { SERVER_ROUTES } from "./servers.ts";
import { emptyState, HOST, type Nova, type NovaState } from "./state.ts";
import { STYLE, versionDocument } from "./style.ts";
import { statusOf } from "./view.ts";
import { VOLUME_ROUTES } from "./volumes.ts";

export interface NovaService {
  readonly service: Service;
  readonly ops: ServerOps;
  addFlavor(flavor: NewFlavor): void;
  /** The machine is gone behind everybody's back, ports and all. */
  state(): NovaState;
}

const MISC_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/limits",
    clients: ["openstack"],
    handler: (call) => {
      const used = call.nova.slot.value.usage.get(call.actor.projectId) ?? { instances: 0, cores: 0, ram: 0 };
      const limit = (name: string): number => quotaOf(call.nova, call.actor.projectId, name);
      const absolute = {
        maxTotalInstances: limit("instances"),
        maxTotalCores: limit("cores"),
        maxTotalRAMSize: limit("ram"),
        maxServerMeta: limit("metadata_items"),
        maxImageMeta: 128,
        maxPersonality: 5,
        maxPersonalitySize: 10240,
        maxTotalKeypairs: limit("key_pairs"),
        maxServerGroups: limit("server_groups"),
        maxServerGroupMembers: limit("server_group_members"),
        maxTotalFloatingIps: -1,
        maxSecurityGroups: -1,
        maxSecurityGroupRules: -1,
        totalRAMUsed: used.ram,
        totalCoresUsed: used.cores,
        totalInstancesUsed: used.instances,
        totalFloatingIpsUsed: 0,
        totalSecurityGroupsUsed: 0,
        totalServerGroupsUsed: 0,
      };
      return ok({ limits: { rate: [], absolute } });
    },
  },
  {
    method: "GET",
    path: "/os-availability-zone",
    clients: ["openstack"],
    handler: (call) =>
      ok({
        availabilityZoneInfo: call.nova.cloud.zones.map((zoneName) => ({
          zoneName,
          zoneState: { available: true },
          hosts: null,
        })),
      }),
  },
];

const ROUTES: readonly NovaRoute[] = [
  ...SERVER_ROUTES,
  ...VOLUME_ROUTES,
  ...FLAVOR_ROUTES,
  ...KEYPAIR_ROUTES,
  ...QUOTA_ROUTES,
  ...MISC_ROUTES,
];

const routed = (nova: Nova, route: NovaRoute): OpenStackRoute => ({
  method: route.method,
  path: route.path,
  ...(route.clients && { clients: route.clients }),
  handler: (context) => {
    const call = callOf(nova, context);
    if (call.version < (route.from ?? 0) || call.version > (route.to ?? Number.POSITIVE_INFINITY)) throw noResource();
    return route.handler(call);
  },
});

const VERSION_ROUTES: readonly OpenStackRoute[] = [
  {
    method: "GET",
    path: "/",
    open: true,
    handler: (context) =>
      json(200, { versions: [versionDocument(context, "v2.0", false), versionDocument(context, "v2.1", false)] }),
  },
  ...["/v2.1", "/v2.1/"].map(
    (path): OpenStackRoute => ({
      method: "GET",
      path,
      open: true,
      handler: (context) => json(200, { version: versionDocument(context, "v2.1", true) }),
    }),
  ),
];

function operations(nova: Nova): ServerOps {
  return {
    server: (id) => {
      const server = nova.slot.value.servers.get(id);
      if (server === undefined) return undefined;
      const { projectId, name, extras } = server;
      return {
        id,
        projectId,
        name,
        zone: extras?.zone ?? nova.cloud.zones[0] ?? "nova",
        host: HOST,
        status: statusOf(server),
      };
    },
    usesImage: (imageId) => [...nova.slot.value.servers.values()].some((server) => server.imageId === imageId),
  };
}

/** Nova: flavors, key pairs, servers that boot over time, volume attachments, quotas (2.1 to 2.93). */
export function createNova(cloud: Cloud): NovaService {
  const nova: Nova = { cloud, slot: cloud.kernel.slot("nova", emptyState()) };
  defineBehaviour(nova);
  const service = openStackService(cloud, "nova", STYLE, [
    ...VERSION_ROUTES,
    ...ROUTES.map((route) => routed(nova, route)),
  ]);
  return {
    // The version and, on older clouds, the project lead the path; routes don't know them.
    service: {
      ...service,
      call: (request) => service.call(normalised(request)),
      receive: (request) => service.receive(normalised(request)),
    },
    ops: operations(nova),
    addFlavor: (flavor) => void addFlavor(nova, flavor),
    state: () => nova.slot.value,
  };
}
