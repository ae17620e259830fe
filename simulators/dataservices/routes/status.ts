import { phaseOfInstance } from "../behaviour/replication.ts";
import { json } from "../../kernel/index.ts";
import type { DataServices, RealServers } from "../behaviour/services.ts";
import type { Instance } from "../state.ts";
import { type AgentHandler, agentRoute, awaitReal } from "./agent-route.ts";

const show: AgentHandler = function* (services, instance) {
  const { state, role, tls } = instance;
  const real = realServersAt(services, instance);
  // The future of a group at rest is decided once it works.
  real?.wake(instance);
  const status = {
    state,
    role,
    phase: phaseOfInstance(services, instance),
    ...(tls?.ca !== undefined && { tls: { ca: tls.ca } }),
  };
  if (real === undefined) return json(200, status);
  // If nothing can serve it, clients learn the reason.
  const engine = yield* awaitReal(
    services,
    real.identify(instance).catch(() => undefined),
  );
  if (engine === undefined) return json(200, status);
  const { name, version, isEmbedded } = engine;
  return json(200, { ...status, engine: { name, version, is_embedded: isEmbedded } });
};

/** The real servers behind an instance, except while a snapshot is replayed. */
const realServersAt = (services: DataServices, instance: Instance): RealServers | undefined =>
  services.real?.covers(instance) === true && !services.kernel.replaying ? services.real : undefined;

/**
 * The status: whether the data service runs, its role, its phase in the group (`Phase`), the authority that
 * clients have to trust, and the program that serves it, if any.
 */
export const statusRoutes = [agentRoute("GET", "/v1/status", show)];
