import { json, type Service } from "../../kernel/index.ts";
import type { Cloud, ServerOps } from "../cloud.ts";
import { type OpenStackRoute, openStackService } from "../service.ts";
import { ACTION_ROUTES } from "./actions.ts";
import { AGGREGATE_ROUTES } from "./aggregates.ts";
import { defineBehaviour } from "./behaviour.ts";
import { callOf, normalised, noResource, type NovaRoute } from "./call.ts";
import { addFlavor, FLAVOR_ROUTES, type NewFlavor } from "./flavors.ts";
import { KEYPAIR_ROUTES } from "./keypairs.ts";
import { INTERFACE_ROUTES } from "./interfaces.ts";
import { PROXY_ROUTES } from "./proxies.ts";
import { QUOTA_ROUTES } from "./quotas.ts";
import { GROUP_ROUTES } from "./server-groups.ts";
import { SERVER_ROUTES } from "./servers.ts";
import { emptyState, HOST, type Nova, type NovaState } from "./state.ts";
import { STYLE, versionDocument } from "./style.ts";
import { SURFACE_ROUTES } from "./surfaces.ts";
import { TAG_ROUTES } from "./tags.ts";
import { statusOf } from "./view.ts";
import { VOLUME_ROUTES } from "./volumes.ts";

export interface NovaService {
  readonly service: Service;
  readonly ops: ServerOps;
  addFlavor(flavor: NewFlavor): void;
  /** The machine is gone behind everybody's back, ports and all. */
  state(): NovaState;
}

const ROUTES: readonly NovaRoute[] = [
  ...SERVER_ROUTES,
  ...ACTION_ROUTES,
  ...TAG_ROUTES,
  ...INTERFACE_ROUTES,
  ...VOLUME_ROUTES,
  ...FLAVOR_ROUTES,
  ...KEYPAIR_ROUTES,
  ...GROUP_ROUTES,
  ...AGGREGATE_ROUTES,
  ...QUOTA_ROUTES,
  ...SURFACE_ROUTES,
  ...PROXY_ROUTES,
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
  ...["/v2.1", "/v2.1/", "/v2", "/v2/"].map(
    (path): OpenStackRoute => ({
      method: "GET",
      path,
      open: true,
      handler: (context) =>
        json(200, { version: versionDocument(context, path.startsWith("/v2.1") ? "v2.1" : "v2.0", true) }),
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
    forgetPort: (serverId, portId) => {
      const server = nova.slot.value.servers.get(serverId);
      if (server !== undefined) server.nics = server.nics.filter((nic) => nic.portId !== portId);
    },
  };
}

/** Nova: servers that live over time, their actions, ports and volumes, flavors, key pairs, groups, quotas (2.1 to 2.93). */
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
      unread: (request, why) => service.unread(normalised(request), why),
      crashed: (request, error) => service.crashed(normalised(request), error),
    },
    ops: operations(nova),
    addFlavor: (flavor) => void addFlavor(nova, flavor),
    state: () => nova.slot.value,
  };
}
