import type { DashboardSessionRow } from "../schema.ts";
import type { StoreSession } from "../session.ts";

/** Statements on the table `dashboard_sessions`. */
export const dashboardSessionsIn = (session: StoreSession) => ({
  dashboardSession: (id: string) =>
    session.selectFirst((db) => db.selectFrom("dashboard_sessions").selectAll().where("id", "=", id)),
  addDashboardSession: (row: DashboardSessionRow) =>
    session.execute((db) => db.insertInto("dashboard_sessions").values(row)),
  deleteDashboardSession: (id: string) =>
    session.execute((db) => db.deleteFrom("dashboard_sessions").where("id", "=", id)),
  forgetDashboardSessionsBefore: (ms: number) =>
    session.execute((db) => db.deleteFrom("dashboard_sessions").where("expires_ms", "<", ms)),
});
