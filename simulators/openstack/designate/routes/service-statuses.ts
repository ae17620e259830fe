import { json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import type { Designate } from "../state/state.ts";
import { storedTime } from "../../time.ts";
import { notFound } from "../wire/errors.ts";
import { listReply } from "../wire/lists.ts";
import { forAdmins, idIn, rootOf, type View } from "../wire/request.ts";

/** Processes of Designate that report that they live (designate/objects/service_status.py of Zed). */
interface ServiceStatus {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
  readonly updatedMs: number | null;
}

const NAMES = ["api", "central", "mdns", "producer", "worker"];
/** The machine on which they run. */
const MACHINE = "controller-1";
/** `heartbeat_interval`. */
const HEARTBEAT_MS = 5000;

/** Each process reports every five seconds. */
function view({ cloud }: Designate, context: RequestContext, { id, name, createdMs }: ServiceStatus): View {
  const { nowMs } = cloud.kernel;
  const beatMs = nowMs - ((nowMs - createdMs) % HEARTBEAT_MS);
  return {
    id,
    hostname: MACHINE,
    service_name: name,
    status: "UP",
    stats: {},
    capabilities: {},
    heartbeated_at: storedTime(beatMs),
    created_at: storedTime(createdMs),
    updated_at: storedTime(beatMs),
    links: { self: `${rootOf(context)}/service_statuses/${id}` },
  };
}

/** `/v2/service_statuses`: none where nothing reports, as on the recorded control plane. */
export function serviceStatusRoutes(designate: Designate): readonly OpenStackRoute[] {
  const names = designate.cloud.profile === "agents" ? NAMES : [];
  const times = { createdMs: designate.cloud.kernel.nowMs, updatedMs: null };
  const rows = names.map((name): ServiceStatus => ({ id: designate.cloud.uuid("designate/services"), name, ...times }));
  return [
    {
      method: "GET",
      path: "/v2/service_statuses",
      handler: forAdmins((context) =>
        listReply(context, {
          member: "service_statuses",
          path: "/service_statuses",
          rows,
          view: (row) => view(designate, context, row),
          filters: { hostname: () => MACHINE, service_name: ({ name }) => name, status: () => "UP" },
          sorts: { hostname: () => MACHINE, service_name: ({ name }) => name, status: () => "UP" },
          counts: false,
        }),
      ),
    },
    {
      method: "GET",
      path: "/v2/service_statuses/:service_id",
      handler: forAdmins((context) => {
        const row = rows.find(({ id }) => id === idIn(context, "service_id"));
        if (row === undefined) throw notFound("service_status_not_found", "ServiceStatus");
        return json(200, view(designate, context, row));
      }),
    },
  ];
}
