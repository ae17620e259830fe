import { empty, json } from "../../kernel/index.ts";
import type { Actor } from "../cloud.ts";
import { Refusal } from "../common/refusal.ts";
import type { Context, OpenStackRoute } from "../common/service.ts";
import {
  checkQuota,
  countOf,
  dated,
  type Fields,
  flag,
  list,
  type Neutron,
  notFound,
  owned,
  ownerOf,
  resource,
  text,
  touch,
} from "./frame.ts";
import { defaultGroup, groupOf } from "./groups.ts";
import { networkOf } from "./networks.ts";
import { makePort, releasePort, setDevice } from "./port-rows.ts";
import type { PortRow } from "./state.ts";

/** @throws Refusal 404 */
export function portOf(neutron: Neutron, actor: Actor, id: string): PortRow {
  const port = neutron.slot.value.ports.get(id);
  if (port === undefined || !(actor.isAdmin || port.projectId === actor.projectId)) throw notFound("Port", id);
  return port;
}

function portView(row: PortRow, actor: Actor): Fields {
  return {
    id: row.id,
    name: row.name,
    network_id: row.networkId,
    ...owned(row.projectId),
    mac_address: row.mac,
    admin_state_up: row.adminStateUp,
    status: row.status,
    device_id: row.deviceId,
    device_owner: row.deviceOwner,
    fixed_ips: row.fixedIps.map(({ subnetId, ip }) => ({ subnet_id: subnetId, ip_address: ip })),
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    security_groups: row.groups,
    description: "",
    "binding:vnic_type": "normal",
    port_security_enabled: row.portSecurity,
    dns_name: "",
    dns_assignment: row.fixedIps.map(({ ip }) => {
      const hostname = `host-${ip.replaceAll(".", "-")}`;
      return { ip_address: ip, hostname, fqdn: `${hostname}.openstacklocal.` };
    }),
    dns_domain: "",
    resource_request: null,
    ip_allocation: "immediate",
    tags: [],
    ...dated(row),
    ...(actor.isAdmin && {
      "binding:host_id": row.hostId,
      "binding:profile": {},
      "binding:vif_details": row.hostId === "" ? {} : { port_filter: true },
      "binding:vif_type": row.hostId === "" ? "unbound" : "ovs",
    }),
  };
}

interface WireFixedIp {
  readonly subnet_id?: string;
  readonly ip_address?: string;
}

const fixedIpsOf = (fields: Fields): readonly { subnetId?: string; ip?: string }[] | undefined =>
  (fields.fixed_ips as readonly WireFixedIp[] | undefined)?.map(({ subnet_id: subnetId, ip_address: ip }) => ({
    ...(subnetId !== undefined && { subnetId }),
    ...(ip !== undefined && { ip }),
  }));

function groupsOf(neutron: Neutron, actor: Actor, projectId: string, fields: Fields): readonly string[] {
  const ids = fields.security_groups as readonly string[] | undefined;
  return ids === undefined ? [defaultGroup(neutron, projectId).id] : ids.map((id) => groupOf(neutron, actor, id).id);
}

function createPort(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { actor } = context;
  const fields = resource(context, "port");
  if (typeof fields.network_id !== "string")
    throw new Refusal(400, "HTTPBadRequest", "Failed to parse request. Required attribute 'network_id' not specified");
  const network = networkOf(neutron, actor, fields.network_id);
  const projectId = ownerOf(actor, fields);
  checkQuota(neutron, projectId, "port", () => countOf(neutron.slot.value.ports.values(), projectId));
  const portSecurity = flag(fields, "port_security_enabled", network.portSecurity);
  const row = makePort(neutron, {
    network,
    projectId,
    name: text(fields, "name", ""),
    fixedIps: fixedIpsOf(fields),
    groups: portSecurity ? groupsOf(neutron, actor, projectId, fields) : [],
    deviceId: text(fields, "device_id", ""),
    deviceOwner: text(fields, "device_owner", ""),
    hostId: text(fields, "binding:host_id", ""),
    portSecurity,
    mac: typeof fields.mac_address === "string" ? fields.mac_address : undefined,
    adminStateUp: flag(fields, "admin_state_up", true),
  });
  return json(201, { port: portView(row, actor) });
}

const READ_ONLY = ["network_id", "id", "tenant_id", "project_id", "status"];

function updatePort(neutron: Neutron, context: Context): ReturnType<OpenStackRoute["handler"]> {
  const { actor, params } = context;
  const fields = resource(context, "port");
  const row = portOf(neutron, actor, params.id ?? "");
  const forbidden = READ_ONLY.find((name) => fields[name] !== undefined);
  if (forbidden !== undefined)
    throw new Refusal(400, "HTTPBadRequest", `Cannot update read-only attribute ${forbidden}`);
  row.name = text(fields, "name", row.name);
  row.adminStateUp = flag(fields, "admin_state_up", row.adminStateUp);
  row.portSecurity = flag(fields, "port_security_enabled", row.portSecurity);
  if (fields.security_groups !== undefined) {
    row.groups = groupsOf(neutron, actor, row.projectId, fields);
    neutron.cloud.kernel.record("neutron", "port.groups", row.id, { groups: row.groups });
  }
  if (fields.device_id !== undefined || fields.device_owner !== undefined || fields["binding:host_id"] !== undefined) {
    setDevice(
      neutron,
      row,
      text(fields, "device_id", row.deviceId),
      text(fields, "device_owner", row.deviceOwner),
      text(fields, "binding:host_id", row.hostId),
    );
  }
  touch(neutron, row);
  return json(200, { port: portView(row, actor) });
}

function deletePort(neutron: Neutron, { actor, params }: Context): ReturnType<OpenStackRoute["handler"]> {
  const row = portOf(neutron, actor, params.id ?? "");
  if (row.deviceOwner.startsWith("network:router") || row.deviceOwner === "network:floatingip") {
    throw new Refusal(
      409,
      "ServicePortInUse",
      `Port ${row.id} cannot be deleted directly via the port API: has device owner ${row.deviceOwner}.`,
    );
  }
  releasePort(neutron, row);
  return empty(204);
}

/** The rows that a list must look at: a filter that is indexed saves the scan. */
function candidates(neutron: Neutron, query: URLSearchParams): Iterable<PortRow> {
  const { ports, portsByDevice } = neutron.slot.value;
  const device = query.get("device_id");
  return device === null ? ports.values() : (portsByDevice.get(device) ?? []).flatMap((id) => ports.get(id) ?? []);
}

export function portRoutes(neutron: Neutron): readonly OpenStackRoute[] {
  return [
    {
      method: "GET",
      path: "/v2.0/ports",
      handler: (context) => {
        const { actor } = context;
        const rows = [...candidates(neutron, context.query)].filter(
          ({ projectId }) => actor.isAdmin || projectId === actor.projectId,
        );
        return list(
          context,
          "ports",
          rows.map((row) => portView(row, actor)),
        );
      },
    },
    { method: "POST", path: "/v2.0/ports", handler: (context) => createPort(neutron, context) },
    {
      method: "GET",
      path: "/v2.0/ports/:id",
      handler: ({ actor, params }) => json(200, { port: portView(portOf(neutron, actor, params.id ?? ""), actor) }),
    },
    { method: "PUT", path: "/v2.0/ports/:id", handler: (context) => updatePort(neutron, context) },
    { method: "DELETE", path: "/v2.0/ports/:id", handler: (context) => deletePort(neutron, context) },
  ];
}
