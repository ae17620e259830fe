import { expect, it } from "vitest";
import { serviceOf } from "../spi/services/services.ts";
import { dashboardPage } from "./page.ts";
import type { DashboardView } from "./view.ts";

const [plan] = serviceOf("postgresql").plans;

it("offers a restore to a time if that is possible, and says which times", () => {
  if (plan === undefined) throw new Error("no plan");
  const settings: DashboardView["settings"] = {
    instance_id: "a",
    deployment: "d1",
    key_version: 0,
    schedule: "",
    time_zone: "UTC",
    is_excluded: false,
    keep_min: 1,
    keep_days: 30,
    due_ms: 0,
    missed_ms: 0,
    missed_count: 0,
    epoch: 0,
    last_restore: "",
    log_until_ms: 0,
  };
  const view: DashboardView = {
    instance: { id: "a", deployment: "d1", state: "ready", created_ms: 1 },
    service: "a9s-postgresql18",
    plan,
    madeOf: "1.0.0",
    busyWith: undefined,
    quarantine: undefined,
    bindings: [],
    vms: undefined,
    backups: [],
    restores: [],
    moments: { startMs: Date.UTC(2026, 10, 30, 12), endMs: Date.UTC(2026, 10, 30, 13) },
    settings,
  };
  const { text } = dashboardPage(view, "somebody", "token");
  expect(text).toContain("From 2026-11-30 12:00:00 UTC to 2026-11-30 13:00:00 UTC");
  expect(text).toContain('action="/dashboard/a/moments"');
  expect(dashboardPage({ ...view, moments: undefined }, "somebody", "token").text).not.toContain("/moments");
});
