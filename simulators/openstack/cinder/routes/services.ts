import { type HttpReply, isObject } from "../../../kernel/index.ts";
import { servicesOf, setDisabled, type VolumeService, whyDisabled } from "../state/backend.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { checkRequest, requireBody, tableOf } from "../wire/body.ts";
import { badRequest, notFound, notSimulated } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

function view(call: CinderCall, service: VolumeService): object {
  const { cloud } = call.cinder;
  const reason = whyDisabled(call.cinder, service);
  return {
    binary: service.binary,
    host: service.host,
    zone: cloud.zones[0],
    status: reason === undefined ? "enabled" : "disabled",
    state: "up",
    updated_at: storedTimeOrNull(cloud.kernel.nowMs),
    disabled_reason: reason ?? null,
    ...(call.version >= 7 && { cluster: null }),
  };
}

/** A query may name a host with its back end or without. */
function listServices(call: CinderCall): readonly object[] {
  const [wantedBinary, wantedHost] = [call.query.get("binary"), call.query.get("host")];
  return servicesOf(call.cinder)
    .filter(({ binary }) => wantedBinary === null || binary === wantedBinary)
    .filter(({ host }) => wantedHost === null || host === wantedHost || host.split("@")[0] === wantedHost)
    .map((service) => view(call, service));
}

const ANY = { type: "object" } as const;

/** The services that a body names. @throws Refusal 404 */
function requireNamed(call: CinderCall, body: Readonly<Record<string, unknown>>): readonly VolumeService[] {
  const binary = body.binary ?? body.service;
  const found = servicesOf(call.cinder).filter((each) => each.host === body.host && each.binary === binary);
  if (found.length === 0) throw notFound(`Service ${String(binary)} could not be found on host ${String(body.host)}.`);
  return found;
}

function change(call: CinderCall): HttpReply {
  const { action = "" } = call.params;
  checkRequest(call, tableOf("PUT", `/os-services/${action}`));
  if (!["enable", "disable", "disable-log-reason"].includes(action))
    throw ["freeze", "thaw", "failover_host", "failover", "set-log", "get-log"].includes(action)
      ? notSimulated(`the change ${action} of services`)
      : notFound("Unknown action");
  const body = requireBody(call, ANY);
  const fields = isObject(body) ? body : {};
  const reason = typeof fields.disabled_reason === "string" ? fields.disabled_reason : null;
  if (action === "disable-log-reason" && reason === null)
    throw badRequest("Invalid input received: Disabled reason contains invalid characters or is too long");
  for (const service of requireNamed(call, fields))
    setDisabled(call.cinder, service, action === "enable" ? undefined : reason);
  const { host, binary, service = binary } = fields;
  return ok({
    host,
    service,
    binary: binary ?? service,
    disabled: action !== "enable",
    status: action === "enable" ? "enabled" : "disabled",
    ...(action === "disable-log-reason" && { disabled_reason: reason }),
  });
}

/** Routes of the API reference, "Services". */
export const SERVICE_ROUTES: readonly CinderRoute[] = [
  { method: "PUT", path: "/os-services/:action", admin: "volume_extension:services:update", handler: change },
  {
    method: "GET",
    path: "/os-services",
    admin: "volume_extension:services:index",
    clients: ["openstack"],
    handler: (call) => ok({ services: listServices(call) }),
  },
];
