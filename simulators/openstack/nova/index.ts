import type { Service } from "../../kernel/index.ts";
import type { Cloud, ServerOps } from "../cloud.ts";
import { forgetPort } from "./behaviour/interfaces.ts";
import { defineTimers } from "./behaviour/timers.ts";
import { defineFaults } from "./faults.ts";
import { consolePage } from "./routes/console-page.ts";
import { ROUTES } from "./routes/routes.ts";
import { addFlavor, type NewFlavor } from "./state/flavors.ts";
import { findHost, zoneOf } from "./state/host.ts";
import { emptyState, type Nova, type NovaState } from "./state/nova.ts";
import { findServer } from "./state/servers.ts";
import { withoutVersion } from "./wire/address.ts";
import { mountRoute } from "./wire/route.ts";
import { statusOf } from "./wire/server-status.ts";
import { WIRE } from "./wire/wire.ts";
import { VERSION_ROUTES } from "./wire/versions.ts";
import { openStackService } from "../service.ts";

/** Nova as the cloud puts it together. */
interface NovaService {
  readonly service: Service;
  readonly ops: ServerOps;
  addFlavor(flavor: NewFlavor): void;
  /** For the world's laws; read only. */
  state(): NovaState;
}

function serverView(nova: Nova, id: string): ReturnType<ServerOps["server"]> {
  const server = findServer(nova, id);
  if (server === undefined) return undefined;
  const { projectId, name, extras } = server;
  const host = findHost(nova, server.host ?? "");
  const zone = extras?.zone ?? (host === undefined ? (nova.cloud.zones[0] ?? "nova") : zoneOf(nova, host));
  return { id, projectId, name, zone, host: host?.name ?? "", status: statusOf(server) };
}

const operations = (nova: Nova): ServerOps => ({
  server: (id) => serverView(nova, id),
  usesImage: (imageId) => [...nova.slot.value.servers.values()].some((server) => server.imageId === imageId),
  forgetPort: (serverId, portId) => forgetPort(nova, serverId, portId),
});

/** Nova: servers that live over time, their actions, ports and volumes, flavors, key pairs, groups, quotas (2.1 to 2.93). */
export function createNova(cloud: Cloud): NovaService {
  const nova: Nova = { cloud, slot: cloud.kernel.slot("nova", emptyState()) };
  defineFaults(nova);
  defineTimers(nova);
  const service = openStackService(cloud, "nova", WIRE, [
    ...VERSION_ROUTES,
    consolePage(nova),
    ...ROUTES.map((route) => mountRoute(nova, route)),
  ]);
  return {
    // The version and, on older clouds, the project lead the path; routes don't know them.
    service: {
      ...service,
      call: (request) => service.call(withoutVersion(request)),
      receive: (request) => service.receive(withoutVersion(request)),
      unread: (request, why) => service.unread(withoutVersion(request), why),
      crashed: (request, error) => service.crashed(withoutVersion(request), error),
    },
    ops: operations(nova),
    addFlavor: (flavor) => void addFlavor(nova, flavor),
    state: () => nova.slot.value,
  };
}
