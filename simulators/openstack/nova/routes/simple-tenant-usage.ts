import type { HttpReply } from "../../../kernel/index.ts";
import type { Server } from "../state/server.ts";
import { badRequest, forbiddenByPolicy, requireAdmin } from "../wire/errors.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { statusOf } from "../wire/server-status.ts";
import { storedTime } from "../../time.ts";

const HOUR_MS = 3_600_000;

/** The forms of dates that the service reads. */
const DATE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$/;

/** @throws Refusal 400 */
function readPeriod({ query, nova }: NovaCall): { readonly from: number; readonly to: number } {
  const parse = (name: string, fallback: number): number => {
    const text = query.get(name);
    if (text === null) return fallback;
    const ms = DATE.test(text) ? Date.parse(`${text.replace(" ", "T")}Z`) : NaN;
    if (Number.isNaN(ms)) throw badRequest("Invalid datetime string: Datetime is in invalid format");
    return ms;
  };
  const now = nova.cloud.kernel.nowMs;
  const [from, to] = [parse("start", now - 28 * 24 * HOUR_MS), parse("end", now)];
  if (from >= to) throw badRequest("Invalid start time. The start time cannot occur after the end time.");
  return { from, to };
}

/** A project's usage in the period; `undefined` if it had no servers. */
function usageOf(call: NovaCall, project: string, isDetailed: boolean): object {
  const { from, to } = readPeriod(call);
  const own = [...(call.nova.slot.value.byProject.get(project)?.values() ?? [])].filter(
    ({ launchedMs }) => launchedMs !== 0 && launchedMs < to,
  );
  if (own.length === 0) return {};
  const each = own.map((server) => ({ server, hours: (to - Math.max(from, server.launchedMs)) / HOUR_MS }));
  const total = (weight: (server: Server) => number): number =>
    each.reduce((sum, { server, hours }) => sum + hours * weight(server), 0);
  return {
    tenant_id: project,
    start: storedTime(from),
    stop: storedTime(to),
    total_hours: total(() => 1),
    total_vcpus_usage: total(({ flavor }) => flavor.vcpus),
    total_memory_mb_usage: total(({ flavor }) => flavor.ram),
    total_local_gb_usage: total(({ flavor }) => flavor.disk),
    ...(isDetailed && { server_usages: each.map(({ server, hours }) => serverUsage(call, server, hours)) }),
  };
}

const serverUsage = (call: NovaCall, server: Server, hours: number): object => ({
  instance_id: server.id,
  name: server.name,
  hours,
  tenant_id: server.projectId,
  flavor: server.flavor.name,
  vcpus: server.flavor.vcpus,
  memory_mb: server.flavor.ram,
  local_gb: server.flavor.disk,
  started_at: storedTime(server.launchedMs),
  ended_at: null,
  state: statusOf(server).toLowerCase(),
  uptime: Math.floor((call.nova.cloud.kernel.nowMs - server.launchedMs) / 1000),
});

function listUsages(call: NovaCall): HttpReply {
  requireAdmin(call, "os-simple-tenant-usage:list");
  readPeriod(call);
  const isDetailed = call.query.get("detailed") === "1";
  const all = [...call.nova.slot.value.byProject.keys()].map((project) => usageOf(call, project, isDetailed));
  return ok({ tenant_usages: all.filter((usage) => Object.keys(usage).length > 0) });
}

function showUsage(call: NovaCall): HttpReply {
  const project = call.params.project ?? "";
  if (!call.actor.isAdmin && project !== call.actor.projectId) throw forbiddenByPolicy("os-simple-tenant-usage:show");
  return ok({ tenant_usage: usageOf(call, project, true) });
}

/** Routes of the API reference, "Usage reports (os-simple-tenant-usage)". */
export const TENANT_USAGE_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/os-simple-tenant-usage", clients: ["openstack"], handler: listUsages },
  { method: "GET", path: "/os-simple-tenant-usage/:project", clients: ["openstack"], handler: showUsage },
];
