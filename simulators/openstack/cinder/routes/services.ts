import { BACKEND } from "../state/backend.ts";
import { dated } from "../wire/dates.ts";
import { ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import { type CinderRoute, refuseUnmodelled } from "../wire/route.ts";

const serviceView = (binary: string, host: string, call: Call): object => ({
  binary,
  host,
  zone: call.cinder.cloud.zones[0],
  status: "enabled",
  state: "up",
  updated_at: dated(call.cinder.cloud.kernel.nowMs),
  disabled_reason: null,
  ...(call.version >= 7 && { cluster: null }),
});

/** A host is asked for with its back end or without. */
function servicesFor(call: Call): readonly object[] {
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

export const SERVICE_ROUTES: readonly CinderRoute[] = [
  refuseUnmodelled("PUT", "/os-services/:action", "changes of services"),
  {
    method: "GET",
    path: "/os-services",
    admin: "volume_extension:services:index",
    clients: ["openstack"],
    handler: (call) => ok({ services: servicesFor(call) }),
  },
];
