import { phaseOfInstance } from "../behaviour/replication.ts";
import { isObject, json } from "../../kernel/index.ts";
import type { DataServices, RealServers } from "../behaviour/services.ts";
import type { Instance } from "../state.ts";
import { type AgentHandler, agentRoute } from "./agent-route.ts";

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
  const engine = yield* services.realWork.await(
    real.identify(instance).catch(() => undefined),
    isIdentity,
  );
  if (engine === undefined) return json(200, status);
  const { name, version, isEmbedded } = engine;
  return json(200, { ...status, engine: { name, version, is_embedded: isEmbedded } });
};

type Identity = Awaited<ReturnType<RealServers["identify"]>>;

const isIdentity = (value: unknown): value is Identity | undefined =>
  value === undefined || (isObject(value) && typeof value.name === "string" && typeof value.version === "string");

/** The real servers behind an instance, but not while a snapshot is replayed, which holds no real data. */
function realServersAt({ real, kernel }: DataServices, instance: Instance): RealServers | undefined {
  if (real?.covers(instance) !== true) return undefined;
  return kernel.replaying && !real.isAbsent ? undefined : real;
}

/**
 * The status: whether the data service runs, its role, its phase in the group (`Phase`), the authority that
 * clients have to trust, and the program that serves it, if any.
 */
export const statusRoutes = [agentRoute("GET", "/v1/status", show)];
