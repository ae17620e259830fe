import type { HttpReply } from "../../../kernel/index.ts";
import { CONTROLLERS, controllerOf, serviceId, serviceOf, setService, zoneOf } from "../state/host.ts";
import type { Nova } from "../state/nova.ts";
import { badRequest, conflict, notFound, refuseAsUnmodelled, requireAdmin } from "../wire/errors.ts";
import { isTrueWord } from "../wire/formats.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { readBody } from "../wire/body.ts";
import { storedTime } from "../../time.ts";
import { isObject, isUuid } from "../../../kernel/index.ts";

interface NovaService {
  readonly index: number;
  readonly binary: string;
  readonly host: string;
  readonly zone: string;
}

/** The services that report to the control plane. */
function servicesOf(nova: Nova): readonly NovaService[] {
  const host = controllerOf(nova);
  return [
    ...CONTROLLERS.map((name, index) => ({ index, binary: `nova-${name}`, host, zone: "internal" })),
    ...nova.cloud.hosts.map((each, at) => ({
      index: CONTROLLERS.length + at,
      binary: "nova-compute",
      host: each.name,
      zone: zoneOf(nova, each),
    })),
  ];
}

function view(call: NovaCall, { index, binary, host, zone }: NovaService): object {
  const { isDisabled, reason, isForcedDown } = serviceOf(call.nova, binary === "nova-compute" ? host : "");
  return {
    id: call.version >= 53 ? serviceId(index) : index + 1,
    binary,
    host,
    zone,
    status: isDisabled ? "disabled" : "enabled",
    state: isForcedDown ? "down" : "up",
    updated_at: storedTime(call.nova.cloud.kernel.nowMs),
    disabled_reason: reason,
    ...(call.version >= 11 && { forced_down: isForcedDown }),
  };
}

function listServices(call: NovaCall): HttpReply {
  requireAdmin(call, "os-services:list");
  const isWanted = (name: string, value: string): boolean => !call.query.has(name) || call.query.get(name) === value;
  const found = servicesOf(call.nova).filter((each) => isWanted("binary", each.binary) && isWanted("host", each.host));
  return ok({ services: found.map((each) => view(call, each)) });
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (call: NovaCall): Fields => {
  const body = readBody(call);
  return isObject(body) ? body : {};
};

/** The service that a body names. @throws Refusal 404 */
function requireNamed(call: NovaCall, { host, binary }: Fields): NovaService {
  const found = servicesOf(call.nova).find((each) => each.host === host && each.binary === binary);
  if (found === undefined) throw notFound(`Could not find binary ${String(binary)} on host ${String(host)}.`);
  return found;
}

/** Up to 2.52 the path says what to do, and the body with which service. */
function updateNamed(call: NovaCall): HttpReply {
  const fields = fieldsOf(call);
  const { id: action } = call.params;
  if (action === "force-down" && call.version >= 11) {
    const service = requireNamed(call, fields);
    const isForcedDown = isTrueWord(fields.forced_down ?? false);
    setService(call.nova, service.host, { isForcedDown });
    return ok({ service: { host: service.host, binary: service.binary, forced_down: isForcedDown } });
  }
  if (action !== "enable" && action !== "disable" && action !== "disable-log-reason") throw notFound("Unknown action");
  const reason = typeof fields.disabled_reason === "string" ? fields.disabled_reason : null;
  if (action === "disable-log-reason" && reason === null) throw badRequest("Missing disabled reason field");
  const service = requireNamed(call, fields);
  const isDisabled = action !== "enable";
  setService(call.nova, service.host, { isDisabled, reason: isDisabled ? reason : null });
  const status = isDisabled ? "disabled" : "enabled";
  const shown = { host: service.host, binary: service.binary, status };
  return ok({ service: action === "disable-log-reason" ? { ...shown, disabled_reason: reason } : shown });
}

/** The service with the id in the path. @throws Refusal 400, 404 */
function requireService(call: NovaCall): NovaService {
  const { id = "" } = call.params;
  if (call.version >= 53 && !isUuid(id)) throw badRequest(`Invalid uuid ${id}`);
  const found = servicesOf(call.nova).find(
    ({ index }) => (call.version >= 53 ? serviceId(index) : `${index + 1}`) === id,
  );
  if (found === undefined) throw notFound(`Service ${id} could not be found.`);
  return found;
}

/** From 2.53 on the path names the service. */
function updateById(call: NovaCall): HttpReply {
  const service = requireService(call);
  if (service.binary !== "nova-compute")
    throw badRequest(
      `Updating a ${service.binary} service is not supported. Only nova-compute services can be updated.`,
    );
  const { status, disabled_reason: reason, forced_down: forcedDown } = fieldsOf(call);
  if (reason !== undefined && status !== "disabled")
    throw badRequest("Specifying disabled_reason requires that status is 'disabled'.");
  if (status === undefined && forcedDown === undefined)
    throw badRequest("No updates were requested. Fields 'status' or 'forced_down' should be specified.");
  setService(call.nova, service.host, {
    ...(status !== undefined && {
      isDisabled: status === "disabled",
      reason: status === "disabled" && typeof reason === "string" ? reason : null,
    }),
    ...(forcedDown !== undefined && { isForcedDown: isTrueWord(forcedDown) }),
  });
  return ok({ service: view(call, service) });
}

function updateService(call: NovaCall): HttpReply {
  requireAdmin(call, "os-services:update");
  return call.version >= 53 ? updateById(call) : updateNamed(call);
}

function deleteService(call: NovaCall): HttpReply {
  requireAdmin(call, "os-services:delete");
  const { host, binary } = requireService(call);
  const isUsed = [...call.nova.slot.value.servers.values()].some((server) => server.host === host);
  if (binary === "nova-compute" && isUsed)
    throw conflict(
      "Unable to delete compute service that is hosting instances. Migrate or delete the instances first.",
    );
  return refuseAsUnmodelled("removal of services")();
}

/** Routes of the API reference, "Compute services (os-services)". */
export const SERVICE_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/os-services", clients: ["openstack"], handler: listServices },
  { method: "PUT", path: "/os-services/:id", handler: updateService },
  { method: "DELETE", path: "/os-services/:id", handler: deleteService },
];
