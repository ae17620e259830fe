import { type Actor, controls } from "../../cloud.ts";
import { addToCount } from "./quotas.ts";
import type { RbacPolicyRow, ResourceRow } from "./rows.ts";
import type { Neutron } from "./state.ts";

/*
 * What one project lets others use. RBAC policies alone say it: an object's own attributes `shared` and `router:external` are the policies for
 * all projects (neutron, `db/rbac_db_models.py` and `db/external_net_db.py`).
 */

/** A type of object that can be shared, as policies name it. */
export type SharedName = "address_group" | "address_scope" | "network" | "qos_policy" | "security_group" | "subnetpool";

/** How an object can be shared. */
export type SharedAction = "access_as_shared" | "access_as_external";

/** The target that stands for all projects. */
export const EVERYBODY = "*";

/** The policies for an object, in order of creation. */
export const policiesOf = ({ slot }: Pick<Neutron, "slot">, objectId: string): readonly RbacPolicyRow[] =>
  (slot.value.rbacByObject.get(objectId) ?? []).flatMap((id) => slot.value.rbac.get(id) ?? []);

/** Whether a policy lets a project use an object that it does not own. */
export const isSharedWith = (
  neutron: Pick<Neutron, "slot">,
  objectId: string,
  projectId: string,
  action: SharedAction = "access_as_shared",
): boolean =>
  policiesOf(neutron, objectId).some(
    (policy) => policy.action === action && (policy.target === projectId || policy.target === EVERYBODY),
  );

/** Whether the actor may use an object: its project's, or one that is shared with it. */
export const mayUse = (neutron: Pick<Neutron, "slot">, actor: Actor, row: ResourceRow): boolean =>
  controls(actor, row) || isSharedWith(neutron, row.id, actor.projectId);

/** The policy about which `dependOn` asks, and the projects that use its object. */
interface Dependence {
  readonly action: SharedAction;
  readonly target: string;
  readonly users: Iterable<string>;
  /** The target that the policy will have instead. Default: none, it is deleted. */
  readonly next?: string;
}

/** Whether projects use an object that they do not own and that no policy lets them use but the one for `target`. */
export function dependOn(
  neutron: Pick<Neutron, "slot">,
  { id, projectId: owner }: ResourceRow,
  { action, target, users, next = owner }: Dependence,
): boolean {
  const others = policiesOf(neutron, id).filter((policy) => policy.action === action && policy.target !== target);
  const covered = new Set([owner, next, ...others.map((policy) => policy.target)]);
  if (covered.has(EVERYBODY)) return false;
  return Iterator.from(users).some((user) => (target === EVERYBODY || user === target) && !covered.has(user));
}

/** Keeps a policy. */
export function addPolicy(neutron: Neutron, policy: RbacPolicyRow): void {
  const { rbac, rbacByObject } = neutron.slot.value;
  rbac.set(policy.id, policy);
  rbacByObject.set(policy.objectId, [...(rbacByObject.get(policy.objectId) ?? []), policy.id]);
  addToCount(neutron, policy.projectId, "rbac_policy", 1);
}

/** Forgets a policy. */
export function removePolicy(neutron: Neutron, { id, objectId, projectId }: RbacPolicyRow): void {
  const { rbac, rbacByObject } = neutron.slot.value;
  rbac.delete(id);
  const others = (rbacByObject.get(objectId) ?? []).filter((each) => each !== id);
  if (others.length === 0) rbacByObject.delete(objectId);
  else rbacByObject.set(objectId, others);
  addToCount(neutron, projectId, "rbac_policy", -1);
}

/** Forgets the policies for an object that is deleted. */
export function removePoliciesOf(neutron: Neutron, objectId: string): void {
  for (const policy of policiesOf(neutron, objectId)) removePolicy(neutron, policy);
}

/** Lets all projects use an object, or no longer; unless that is so already. */
export function shareWithAll(
  neutron: Neutron,
  objectType: SharedName,
  object: ResourceRow,
  isShared: boolean,
  action: SharedAction = "access_as_shared",
): void {
  const known = policiesOf(neutron, object.id).find((each) => each.action === action && each.target === EVERYBODY);
  if (known !== undefined && !isShared) removePolicy(neutron, known);
  if (known !== undefined || !isShared) return;
  const policy = { id: neutron.cloud.uuid("neutron"), projectId: object.projectId, objectType, action };
  addPolicy(neutron, { ...policy, objectId: object.id, target: EVERYBODY });
}
