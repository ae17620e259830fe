import type { Body, HttpReply } from "../../kernel/index.ts";
import { neighboursOf } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { virtualDump } from "../behaviour/virtual.ts";
import { isPlanted } from "../faults.ts";
import type { Instance } from "../state.ts";
import { requireSimulatedData } from "../behaviour/instances.ts";
import { agentRoute, applyFault, awaitReal, realServersOf, requirePrimary } from "./agent-route.ts";

function* create(services: DataServices, instance: Instance): Body<HttpReply> {
  requirePrimary(services, instance);
  requireSimulatedData(services, instance);
  yield* applyFault(services, "dump", instance);
  const { kernel } = services;
  const isDisclosing = isPlanted(kernel, "dump wrong-neighbour", instance);
  const source = (isDisclosing ? neighboursOf(services, instance)[0] : undefined) ?? instance;
  const defects = {
    isTorn: isPlanted(kernel, "dump torn-snapshot", instance),
    isShort: isPlanted(kernel, "dump lost-tail", instance),
  };
  const real = realServersOf(services, source);
  const body =
    real === undefined
      ? yield* virtualDump(services, source, defects)
      : yield* awaitReal(services, real.dump(source, defects));
  kernel.record("dataservices", "dump.done", instance.address, { deployment: instance.deployment, bytes: body.length });
  return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body };
}

/** A dump of all data, as it is at one moment. */
export const dumpsRoutes = [agentRoute("POST", "/v1/dumps", create)];
