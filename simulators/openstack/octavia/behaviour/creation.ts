import type { Actor } from "../../cloud.ts";
import type { KindName } from "../state/attributes.ts";
import { addRow, type Octavia, type OctaviaRow } from "../state/state.ts";
import { forbidden } from "../wire/errors.ts";
import type { Values } from "../wire/values.ts";
import { takeVip } from "./vip.ts";

/** The project of a new object: that of the one of which it is a part. @throws Refusal 403 */
export function projectFor(actor: Actor, given: Values, parent: OctaviaRow | undefined): string {
  const named = given.project_id ?? given.tenant_id;
  const projectId = parent?.projectId ?? (typeof named === "string" ? named : actor.projectId);
  if (projectId !== actor.projectId && !actor.isAdmin) throw forbidden();
  return projectId;
}

/** An object that has been checked. */
interface NewObject {
  readonly kind: KindName;
  readonly parent: OctaviaRow | undefined;
  readonly projectId: string;
  readonly values: Values;
}

/** Adds an object, whose creation is still to be started. @throws Refusal where a load balancer gets no address */
export function addObject(octavia: Octavia, actor: Actor, wanted: NewObject): OctaviaRow {
  const { kind, parent, projectId, values } = wanted;
  const id = octavia.cloud.uuid("octavia");
  const vip = kind === "loadbalancer" ? takeVip(octavia, actor, projectId, id, values) : {};
  const row: OctaviaRow = {
    id,
    seq: ++octavia.slot.value.made,
    kind,
    projectId,
    balancerId: parent?.balancerId ?? id,
    parentId: parent?.id ?? id,
    values: { ...values, ...vip },
    provisioning: "PENDING_CREATE",
    operating: "OFFLINE",
    createdMs: octavia.cloud.kernel.nowMs,
    updatedMs: null,
  };
  addRow(octavia, row);
  if (kind === "pool" && typeof values.listener_id === "string") {
    const listener = octavia.slot.value.rows.get(values.listener_id);
    if (listener !== undefined) listener.values = { ...listener.values, default_pool_id: id };
  }
  return row;
}
