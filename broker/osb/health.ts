import type { FastifyInstance } from "fastify";
import type { Store } from "../store/store.ts";
import { LIVE_PATH, READY_PATH } from "./paths.ts";

/**
 * Health, for whoever keeps the process running, without a login and without details. Live: it answers, even while the store is away, since a
 * restart would not help. Ready: the store answers too, so it can take orders; 503 while it is away.
 */
export function healthRoutes(app: FastifyInstance, store: Store): void {
  app.get(LIVE_PATH, () => ({ status: "live" }));
  app.get(READY_PATH, async () => {
    await store.ping();
    return { status: "ready" };
  });
}
