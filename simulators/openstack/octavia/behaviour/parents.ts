import { type Actor, controls } from "../../cloud.ts";
import { KINDS, type KindName } from "../state/attributes.ts";
import { type Octavia, type OctaviaRow, partsOf } from "../state/state.ts";
import { badRequest, conflict, notFound } from "../wire/errors.ts";
import type { Values } from "../wire/values.ts";

/** An object of a kind that the actor may see. @throws Refusal 404 */
export function requireRow({ slot }: Octavia, actor: Actor, kind: KindName, id: string): OctaviaRow {
  const row = slot.value.rows.get(id);
  if (row === undefined || row.kind !== kind || !controls(actor, row)) throw notFound(KINDS[kind].title, id);
  return row;
}

/** The object of which a new one becomes a part. @throws Refusal 400, 404 */
export function requireParent(octavia: Octavia, actor: Actor, kind: KindName, values: Values): OctaviaRow {
  const ownerBy = (owner: KindName, name: string): OctaviaRow =>
    requireRow(octavia, actor, owner, String(values[name]));
  if (kind === "listener") return ownerBy("loadbalancer", "loadbalancer_id");
  if (kind === "healthmonitor") return ownerBy("pool", "pool_id");
  if (kind === "l7policy") return ownerBy("listener", "listener_id");
  if (values.loadbalancer_id !== null) return ownerBy("loadbalancer", "loadbalancer_id");
  if (values.listener_id === null) throw badRequest("Must provide at least one of: loadbalancer_id, listener_id");
  const listener = ownerBy("listener", "listener_id");
  return requireRow(octavia, actor, "loadbalancer", listener.balancerId);
}

/** Checks that no other part of the same object has what must be unique among its parts. @throws Refusal 409 */
export function checkDistinct(octavia: Octavia, kind: KindName, parent: OctaviaRow, values: Values): void {
  const siblings = partsOf(octavia, parent.id).filter((part) => part.kind === kind);
  if (kind === "healthmonitor" && siblings.length > 0) throw conflict(`This pool already has a health monitor`);
  const same = (names: readonly string[]): OctaviaRow | undefined =>
    siblings.find((part) => names.every((name) => part.values[name] === values[name]));
  if (kind === "listener" && same(["protocol_port", "protocol"]) !== undefined)
    throw conflict(
      `Another Listener on this Load Balancer is already using protocol ${String(values.protocol)} and protocol_port ${String(values.protocol_port)}`,
    );
  if (kind === "member" && same(["address", "protocol_port"]) !== undefined)
    throw conflict(
      `Another member on this pool is already using ip ${String(values.address)} on protocol_port ${String(values.protocol_port)}`,
    );
}

/** Checks that the objects and targets that attributes need are there. @throws Refusal 400, 404, 409 */
export function checkReferences(octavia: Octavia, actor: Actor, values: Values): void {
  for (const name of ["default_pool_id", "redirect_pool_id"]) {
    const id = values[name];
    if (typeof id === "string") requireRow(octavia, actor, "pool", id);
  }
  const { action, redirect_url: url, redirect_prefix: prefix, redirect_pool_id: pool } = values;
  const needed = { REDIRECT_TO_URL: url, REDIRECT_PREFIX: prefix, REDIRECT_TO_POOL: pool };
  for (const [wanted, value] of Object.entries(needed))
    if (action === wanted && value == null) throw badRequest(`${wanted} needs its target to be given.`);
}
