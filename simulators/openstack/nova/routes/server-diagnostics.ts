import type { HttpReply } from "../../../kernel/index.ts";
import { requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { checkState } from "./servers/checks.ts";
import { requireServer } from "./servers/require-server.ts";

/** The fake hypervisor's report about every server. */
const DIAGNOSTICS = {
  cpu0_time: 17300000000,
  memory: 524288,
  vda_errors: -1,
  vda_read: 262144,
  vda_read_req: 112,
  vda_write: 5778432,
  vda_write_req: 488,
  vnet1_rx: 2070139,
  vnet1_rx_drop: 0,
  vnet1_rx_errors: 0,
  vnet1_rx_packets: 26701,
  vnet1_tx: 140208,
  vnet1_tx_drop: 0,
  vnet1_tx_errors: 0,
  vnet1_tx_packets: 662,
};
const DIAGNOSTICS_48 = {
  state: "running",
  driver: "libvirt",
  hypervisor: "kvm",
  hypervisor_os: "ubuntu",
  uptime: 46664,
  config_drive: true,
  num_cpus: 1,
  num_nics: 1,
  num_disks: 1,
  disk_details: [
    { read_bytes: 262144, read_requests: 112, write_bytes: 5778432, write_requests: 488, errors_count: 1 },
  ],
  cpu_details: [{ id: 0, time: 17300000000, utilisation: 15 }],
  nic_details: [
    {
      mac_address: "01:23:45:67:89:ab",
      rx_octets: 2070139,
      rx_errors: 100,
      rx_drop: 200,
      rx_packets: 26701,
      rx_rate: 300,
      tx_octets: 140208,
      tx_errors: 400,
      tx_drop: 500,
      tx_packets: 662,
      tx_rate: 600,
    },
  ],
  memory_details: { maximum: 524288, used: 0 },
};

function showDiagnostics(call: NovaCall): HttpReply {
  const server = requireServer(call);
  requireAdmin(call, "os-server-diagnostics");
  checkState(server, "get_diagnostics", ["active", "paused", "rescued", "suspended"]);
  return ok(call.version >= 48 ? DIAGNOSTICS_48 : DIAGNOSTICS);
}

/** Routes of the API reference, "Servers diagnostics". */
export const SERVER_DIAGNOSTICS_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/servers/:id/diagnostics", clients: ["openstack"], handler: showDiagnostics },
];
