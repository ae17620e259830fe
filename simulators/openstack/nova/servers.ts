import { startDelete, survives, touch } from "./behaviour.ts";
import { badRequest, type Call, checkedBody, forbidden, type NovaRoute, nothing, notFound, ok } from "./call.ts";
import { create } from "./create.ts";
import { list } from "./listing.ts";
import { checkUnlocked, recordAction } from "./actions.ts";
import { quotaOf } from "./quotas.ts";
import { envelope, METADATA, updateSchema } from "./schemas.ts";
import { type Extras, extrasOf, type Server, shortIpv6 } from "./state.ts";
import { addressesOf, briefView, changedView, fullView } from "./view.ts";

/** @throws Refusal 404 */
export function serverOf(call: Call): Server {
  const id = call.params.id ?? "";
  const server = call.nova.slot.value.servers.get(id);
  const visible = server !== undefined && (call.actor.isAdmin || server.projectId === call.actor.projectId);
  if (!visible || !survives(call.nova, server)) throw notFound(`Instance ${id} could not be found.`);
  return server;
}

function update(call: Call): ReturnType<NovaRoute["handler"]> {
  const { server: fields } = checkedBody(call, updateSchema(call.version)) as {
    server: Partial<Extras> & { name?: string; description?: string | null; "OS-DCF:diskConfig"?: string };
  };
  const server = serverOf(call);
  server.name = fields.name?.trim() ?? server.name;
  for (const key of ["accessIPv4", "hostname"] as const)
    if (fields[key] !== undefined) extrasOf(server)[key] = fields[key];
  if (fields.accessIPv6 !== undefined) extrasOf(server).accessIPv6 = shortIpv6(fields.accessIPv6);
  if (fields.description !== undefined) server.description = fields.description;
  if (fields["OS-DCF:diskConfig"] !== undefined) extrasOf(server).autoDisk = fields["OS-DCF:diskConfig"] === "AUTO";
  touch(call.nova, server);
  call.nova.cloud.kernel.record("nova", "server.update", server.id, { name: server.name });
  return ok({ server: changedView(call, server) });
}

function remove(call: Call): ReturnType<NovaRoute["handler"]> {
  const server = serverOf(call);
  checkUnlocked(call, server);
  recordAction(call, server, "delete");
  startDelete(call.nova, server);
  return nothing(204);
}

/** @throws Refusal 403 */
function checkItems(call: Call, server: Server, next: Readonly<Record<string, string>>): void {
  const limit = quotaOf(call.nova, server.projectId, "metadata_items");
  if (limit >= 0 && Object.keys(next).length > limit)
    throw forbidden(`Maximum number of metadata items exceeds ${limit}`);
}

function setMetadata(call: Call, merge: boolean): ReturnType<NovaRoute["handler"]> {
  const { metadata } = checkedBody(call, envelope("metadata", METADATA)) as { metadata: Record<string, string> };
  const server = serverOf(call);
  const next = merge ? { ...server.metadata, ...metadata } : metadata;
  checkItems(call, server, next);
  server.metadata = next;
  return ok({ metadata: next });
}

function setItem(call: Call): ReturnType<NovaRoute["handler"]> {
  const one = { ...METADATA, minProperties: 1, maxProperties: 1 };
  const { meta } = checkedBody(call, envelope("meta", one)) as { meta: Record<string, string> };
  const server = serverOf(call);
  if (!Object.hasOwn(meta, call.params.key ?? "")) throw badRequest("Request body and URI mismatch");
  const next = { ...server.metadata, ...meta };
  checkItems(call, server, next);
  server.metadata = next;
  return ok({ meta });
}

function metadataItem(call: Call): { server: Server; key: string; value: string } {
  const server = serverOf(call);
  const key = call.params.key ?? "";
  const value = server.metadata[key];
  if (value === undefined) throw notFound("Metadata item was not found");
  return { server, key, value };
}

function addressesIn(call: Call): ReturnType<NovaRoute["handler"]> {
  const { network = "" } = call.params;
  const addresses = addressesOf(call, serverOf(call), false)[network];
  if (addresses === undefined) throw notFound("Instance is not a member of specified network");
  return ok({ [network]: addresses });
}

const item = "/servers/:id";

export const SERVER_ROUTES: readonly NovaRoute[] = [
  { method: "POST", path: "/servers", clients: ["bosh", "openstack"], handler: create },
  {
    method: "GET",
    path: "/servers",
    clients: ["openstack"],
    handler: (call) => list(call, "/servers", "index", (server) => briefView(call, server)),
  },
  {
    method: "GET",
    path: "/servers/detail",
    clients: ["openstack"],
    handler: (call) => list(call, "/servers/detail", "detail", (server) => fullView(call, server, true)),
  },
  {
    method: "GET",
    path: item,
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ server: fullView(call, serverOf(call)) }),
  },
  { method: "PUT", path: item, clients: ["bosh", "openstack"], handler: update },
  { method: "DELETE", path: item, clients: ["bosh", "openstack"], handler: remove },
  {
    method: "GET",
    path: `${item}/metadata`,
    clients: ["bosh"],
    handler: (call) => ok({ metadata: serverOf(call).metadata }),
  },
  { method: "POST", path: `${item}/metadata`, clients: ["bosh"], handler: (call) => setMetadata(call, true) },
  { method: "PUT", path: `${item}/metadata`, handler: (call) => setMetadata(call, false) },
  {
    method: "GET",
    path: `${item}/metadata/:key`,
    clients: ["bosh"],
    handler: (call) => {
      const { key, value } = metadataItem(call);
      return ok({ meta: { [key]: value } });
    },
  },
  { method: "PUT", path: `${item}/metadata/:key`, handler: setItem },
  {
    method: "DELETE",
    path: `${item}/metadata/:key`,
    clients: ["openstack"],
    handler: (call) => {
      const { server, key } = metadataItem(call);
      server.metadata = Object.fromEntries(Object.entries(server.metadata).filter(([name]) => name !== key));
      return nothing(204);
    },
  },
  {
    method: "GET",
    path: `${item}/ips`,
    clients: ["openstack"],
    handler: (call) => ok({ addresses: addressesOf(call, serverOf(call), false) }),
  },
  { method: "GET", path: `${item}/ips/:network`, handler: addressesIn },
];
