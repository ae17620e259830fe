import type { StoreSession } from "../session.ts";
import type { Worker } from "../store.ts";

const OPEN = ["in progress", "undoing"] as const;
const HELD = ["id", "fence"] as const;

/** Who works on what: leases of operations, and of periodic work. They end by the database's clock, so that no clock of a process counts. */
export const leasesIn = (session: StoreSession, { name, leaseMs }: Worker) => {
  const taken = () => ({ worker: name, lease_until_ms: session.fromNowMs(leaseMs) });
  return {
    takeFree: () =>
      session.changed((db) =>
        db
          .updateTable("operations")
          .set((column) => ({ ...taken(), fence: column("fence", "+", 1) }))
          .where("state", "in", OPEN)
          .where("lease_until_ms", "<", session.fromNowMs(0))
          .where("worker", "!=", name)
          .returning(HELD),
      ),
    take: async (id: string) => {
      const [held] = await session.changed((db) =>
        db
          .updateTable("operations")
          .set((column) => ({ ...taken(), fence: column("fence", "+", 1) }))
          .where("id", "=", id)
          .where("state", "in", OPEN)
          .where("lease_until_ms", "<", session.fromNowMs(0))
          .where("worker", "!=", name)
          .returning(HELD),
      );
      return held?.fence;
    },
    renew: () =>
      session.changed((db) =>
        db.updateTable("operations").set(taken()).where("state", "in", OPEN).where("worker", "=", name).returning(HELD),
      ),
    holdLease: async (lease: string, ms: number) => {
      const until = () => ({ worker: name, lease_until_ms: session.fromNowMs(ms) });
      const isNew = await session.hasChanged((db) =>
        db
          .insertInto("leases")
          .values({ name: lease, ...until() })
          .onConflict((conflict) => conflict.doNothing())
          .returning("name"),
      );
      if (isNew) return true;
      return session.hasChanged((db) =>
        db
          .updateTable("leases")
          .set(until())
          .where("name", "=", lease)
          .where((row) => row.or([row("worker", "=", name), row("lease_until_ms", "<", session.fromNowMs(0))]))
          .returning("name"),
      );
    },
  };
};
