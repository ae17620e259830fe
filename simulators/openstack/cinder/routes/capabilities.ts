import type { HttpReply } from "../../../kernel/index.ts";
import { backendOf } from "../state/backend.ts";
import { notFound } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

const property = (title: string, description: string, type = "boolean"): object => ({ title, description, type });

/** The capabilities that every driver reports (cinder, `volume/driver.py`, `init_capabilities`). */
const PROPERTIES = {
  thin_provisioning: property("Thin Provisioning", "Sets thin provisioning."),
  compression: property("Compression", "Enables compression."),
  qos: property("QoS", "Enables QoS."),
  replication_enabled: property("Replication", "Enables replication."),
};

/** @throws Refusal 404 */
function show({ cinder, params }: CinderCall): HttpReply {
  const { machine, name, protocol } = backendOf(cinder.cloud);
  const host = `${machine}@${name}`;
  if (params.host !== host) throw notFound(`Can't find service: ${params.host ?? ""}`);
  return ok({
    namespace: `OS::Storage::Capabilities::cinder-volume.${host}`,
    vendor_name: "Open Source",
    volume_backend_name: name,
    pool_name: null,
    driver_version: "3.0.0",
    storage_protocol: protocol,
    display_name: null,
    description: null,
    visibility: null,
    replication_targets: [],
    properties: PROPERTIES,
  });
}

/** Routes of the API reference, "Capabilities for storage back ends". */
export const CAPABILITY_ROUTES: readonly CinderRoute[] = [
  { method: "GET", path: "/capabilities/:host", admin: "volume_extension:capabilities", handler: show },
];
