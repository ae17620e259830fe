import type { FaultPoint } from "../../../kernel/index.ts";
import { OCTAVIA_POINTS } from "../faults.ts";
import { type Octavia, type OctaviaRow, partsOf, recordChange, removeRow } from "../state/state.ts";
import { immutable } from "../wire/errors.ts";
import { KINDS } from "../state/attributes.ts";

/*
 * Changes take time: meanwhile the load balancer and the changed part are pending, and nothing else of that load balancer can be changed.
 */

/** ms of simulated work: an amphora boots; it loads another configuration. */
const WORK_MS = { create: 20_000, update: 1500, delete: 2000 } as const;

/** A change in progress. */
export interface Change {
  readonly balancerId: string;
  /** The changed objects; empty for the load balancer alone. */
  readonly id: string;
  readonly isGone: boolean;
  readonly status: "ACTIVE" | "ERROR";
}

/** The load balancer of an object. */
export function balancerOf({ slot }: Octavia, { balancerId }: Pick<OctaviaRow, "balancerId">): OctaviaRow {
  const row = slot.value.rows.get(balancerId);
  if (row === undefined) throw new Error(`octavia: a part without its load balancer ${balancerId}`);
  return row;
}

/** Checks that a load balancer may be changed now. @throws Refusal 409 */
export function checkMutable(balancer: OctaviaRow): void {
  if (balancer.provisioning === "ACTIVE" || balancer.provisioning === "ERROR") return;
  throw immutable(KINDS.loadbalancer.title, balancer.id);
}

/** Starts a change of a load balancer, or of one of its parts. */
export function startChange(octavia: Octavia, row: OctaviaRow, verb: keyof typeof WORK_MS): void {
  const { kernel } = octavia.cloud;
  const balancer = balancerOf(octavia, row);
  const isOwn = balancer === row;
  row.provisioning = verb === "create" ? "PENDING_CREATE" : verb === "delete" ? "PENDING_DELETE" : "PENDING_UPDATE";
  if (!isOwn) balancer.provisioning = "PENDING_UPDATE";
  recordChange(octavia, `${row.kind}.${verb}`, row.id, { balancer: balancer.id, project: row.projectId });
  const point: FaultPoint = isOwn && verb === "create" ? OCTAVIA_POINTS.create : OCTAVIA_POINTS.update;
  const effect = kernel.faults.at(point, { id: balancer.id, name: String(balancer.values.name) });
  if (effect?.kind === "stuck") return;
  const delayMs = effect?.kind === "delay" ? effect.delayMs : 0;
  const isFailed = effect?.kind === "error";
  const workMs = isOwn ? WORK_MS[verb] : WORK_MS.update;
  const change: Change = {
    balancerId: balancer.id,
    id: row.id,
    isGone: verb === "delete" && !isFailed,
    status: isFailed ? "ERROR" : "ACTIVE",
  };
  kernel.timer(kernel.work(workMs) + delayMs, "octavia/changed", change);
}

/** Ends a change: it has reached the load balancer, or has failed. */
export function endChange(octavia: Octavia, { balancerId, id, isGone, status }: Change): void {
  const { rows } = octavia.slot.value;
  const [balancer, row] = [rows.get(balancerId), rows.get(id)];
  for (const each of [balancer, row]) if (each !== undefined) each.provisioning = status;
  if (isGone && row !== undefined) return endDelete(octavia, row);
  if (row !== undefined) settle(octavia, row, status);
  if (row !== undefined && row === balancer) settleNewParts(octavia, row, status);
  recordChange(octavia, "loadbalancer.status", balancerId, { status });
}

/** The parts with which a load balancer was created become active together with it. */
function settleNewParts(octavia: Octavia, row: OctaviaRow, status: Change["status"]): void {
  for (const part of partsOf(octavia, row.id)) {
    if (part.provisioning === "PENDING_CREATE") {
      part.provisioning = status;
      settle(octavia, part, status);
    }
    settleNewParts(octavia, part, status);
  }
}

/** Sets an object's operating status: load balancers and listeners are online, members are if they have a monitor. */
function settle(octavia: Octavia, row: OctaviaRow, status: Change["status"]): void {
  if (status === "ERROR") row.operating = "ERROR";
  else if (row.values.admin_state_up === false) row.operating = "OFFLINE";
  else if (row.kind === "member") row.operating = isMonitored(octavia, row) ? "ONLINE" : "NO_MONITOR";
  else row.operating = "ONLINE";
  if (row.kind !== "healthmonitor") return;
  for (const member of partsOf(octavia, row.parentId)) if (member.kind === "member") settle(octavia, member, status);
}

const isMonitored = (octavia: Octavia, { parentId }: OctaviaRow): boolean =>
  partsOf(octavia, parentId).some(({ kind }) => kind === "healthmonitor");

function endDelete(octavia: Octavia, row: OctaviaRow): void {
  const { kind, values, parentId } = row;
  removeRow(octavia, row);
  if (kind === "loadbalancer" && typeof values.vip_port_id === "string" && values.owns_port !== false)
    octavia.cloud.ports.remove(values.vip_port_id);
  if (kind === "healthmonitor")
    for (const member of partsOf(octavia, parentId)) if (member.kind === "member") settle(octavia, member, "ACTIVE");
  recordChange(octavia, `${kind}.gone`, row.id);
}
