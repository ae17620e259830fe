import type { RolloutRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** Statements on the table `rollouts`. */
export const rolloutsIn = (session: StoreSession) => ({
  rollout: (id: string) => session.selectFirst((db) => db.selectFrom("rollouts").selectAll().where("id", "=", id)),
  rollouts: (limit: number) =>
    session.selectAll((db) =>
      db.selectFrom("rollouts").selectAll().orderBy("started_ms", "desc").orderBy("id").limit(limit),
    ),
  runningRollout: () =>
    session.selectFirst((db) => db.selectFrom("rollouts").selectAll().where("state", "=", "running")),
  addRollout: (row: RolloutRow) => session.execute((db) => db.insertInto("rollouts").values(row)),
  /** Only while it is running: whoever stops it has the last word. */
  setRollout: (id: string, change: Partial<RolloutRow>) =>
    session.hasChanged((db) =>
      db.updateTable("rollouts").set(change).where("id", "=", id).where("state", "=", "running").returning("id"),
    ),
});
