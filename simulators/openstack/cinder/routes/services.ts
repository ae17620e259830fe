import { BACKEND } from "../state/backend.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { checkRequest, tableOf } from "../wire/body.ts";
import { notSimulated } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

const serviceView = (binary: string, host: string, call: CinderCall): object => ({
  binary,
  host,
  zone: call.cinder.cloud.zones[0],
  status: "enabled",
  state: "up",
  updated_at: storedTimeOrNull(call.cinder.cloud.kernel.nowMs),
  disabled_reason: null,
  ...(call.version >= 7 && { cluster: null }),
});

/** A query may name a host with its back end or without. */
function listServices(call: CinderCall): readonly object[] {
  const [wantedBinary, wantedHost] = [call.query.get("binary"), call.query.get("host")];
  const all = [
    ["cinder-scheduler", "ref"],
    ["cinder-volume", `ref@${BACKEND}`],
  ] as const;
  return all
    .filter(([binary]) => wantedBinary === null || binary === wantedBinary)
    .filter(([, host]) => wantedHost === null || host === wantedHost || host.split("@")[0] === wantedHost)
    .map(([binary, host]) => serviceView(binary, host, call));
}

/** Routes of the API reference, "Services". */
export const SERVICE_ROUTES: readonly CinderRoute[] = [
  {
    method: "PUT",
    path: "/os-services/:action",
    admin: "volume_extension:services:update",
    handler: (call) => {
      checkRequest(call, tableOf("PUT", `/os-services/${call.params.action ?? ""}`));
      throw notSimulated("changes of services");
    },
  },
  {
    method: "GET",
    path: "/os-services",
    admin: "volume_extension:services:index",
    clients: ["openstack"],
    handler: (call) => ok({ services: listServices(call) }),
  },
];
