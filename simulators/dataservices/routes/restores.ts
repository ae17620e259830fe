import { type Body, bodyText, type HttpReply, type HttpRequest, json } from "../../kernel/index.ts";
import { requireSimulatedData } from "../behaviour/instances.ts";
import { neighboursOf } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { virtualRestore } from "../behaviour/virtual.ts";
import { isPlanted } from "../faults.ts";
import type { Instance } from "../state.ts";
import { agentRoute, applyFault, awaitReal, realServersOf, requirePrimary } from "./agent-route.ts";

function* create(services: DataServices, instance: Instance, request: HttpRequest): Body<HttpReply> {
  requirePrimary(services, instance);
  requireSimulatedData(services, instance);
  const bytes = typeof request.body === "string" ? Buffer.from(bodyText(request)) : request.body;
  yield* applyFault(services, "restore", instance);
  const { kernel } = services;
  const defects = {
    isAppending: isPlanted(kernel, "restore append", instance),
    isTrusting: isPlanted(kernel, "restore skip-verification", instance),
    keepsSessions: isPlanted(kernel, "restore keep-sessions", instance),
  };
  const isStraying = isPlanted(kernel, "restore wrong-neighbour", instance);
  const neighbours = isStraying ? neighboursOf(services, instance).slice(0, 1) : [];
  for (const target of [instance, ...neighbours]) {
    const real = realServersOf(services, target);
    if (real === undefined) yield* virtualRestore(services, target, bytes, defects);
    else yield* awaitReal(services, real.restore(target, bytes, defects));
    kernel.record("dataservices", "restore.done", target.address, { deployment: target.deployment });
  }
  return json(200, { restored: true });
}

/** Puts the data of a dump in the place of all data. */
export const restoresRoutes = [agentRoute("POST", "/v1/restores", create)];
