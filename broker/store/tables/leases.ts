import type { Kysely } from "kysely";
import type { OperationKind, Tables } from "../schema.ts";
import type { StoreSession } from "../session.ts";
import type { Worker } from "../store.ts";

const OPEN = ["in progress", "undoing"] as const;
const HELD = ["id", "fence"] as const;

/** A lease of this worker, from now on. */
export const leaseOf = (session: StoreSession, worker: string, ms: number) => ({
  worker,
  lease_until_ms: session.fromNowMs(ms),
});

/** Leases of operations. They end by the database's clock, so no process's clock matters. */
export const leasesIn = (session: StoreSession, { name, leaseMs }: Worker) => {
  const takeEnded = (db: Kysely<Tables>) =>
    db
      .updateTable("operations")
      .set((column) => ({ ...leaseOf(session, name, leaseMs), fence: column("fence", "+", 1) }))
      .where("state", "in", OPEN)
      .where("lease_until_ms", "<", session.fromNowMs(0))
      .where("worker", "!=", name)
      .returning(HELD);
  return {
    takeFree: async (kinds?: readonly OperationKind[]) => {
      if (kinds?.length === 0) return [];
      return session.selectChanged((db) =>
        kinds === undefined ? takeEnded(db) : takeEnded(db).where("kind", "in", kinds),
      );
    },
    take: async (id: string) => {
      const [held] = await session.selectChanged((db) => takeEnded(db).where("id", "=", id));
      return held?.fence;
    },
    renew: () =>
      session.selectChanged((db) =>
        db
          .updateTable("operations")
          .set(leaseOf(session, name, leaseMs))
          .where("state", "in", OPEN)
          .where("worker", "=", name)
          .returning(HELD),
      ),
  };
};

/** Leases of periodic work. */
export const periodicIn = (session: StoreSession, { name }: Worker) => ({
  holdLease: async (lease: string, ms: number) => {
    const isNew = await session.hasChanged((db) =>
      db
        .insertInto("leases")
        .values({ name: lease, ...leaseOf(session, name, ms) })
        .onConflict((conflict) => conflict.doNothing())
        .returning("name"),
    );
    if (isNew) return true;
    return session.hasChanged((db) =>
      db
        .updateTable("leases")
        .set(leaseOf(session, name, ms))
        .where("name", "=", lease)
        .where((row) => row.or([row("worker", "=", name), row("lease_until_ms", "<", session.fromNowMs(0))]))
        .returning("name"),
    );
  },
});
