import type { OpenStackProject } from "../openstack/project.ts";
import { planOf } from "../operations/context.ts";
import type { MendPayload } from "../operations/payloads.ts";
import { type ControlPlane, newOperation } from "../osb/operations.ts";
import type { InstanceRow } from "../store/schema.ts";
import type { Order } from "../store/store.ts";
import { recordOfGhost } from "./adopt.ts";
import { type Difference, findDifferences } from "./differences.ts";
import { readRecords, takeInventory } from "./inventory.ts";

/** A difference, and what was done about it. */
interface Reconciled extends Difference {
  readonly isMended: boolean;
  /** Why it could not be mended, if that was tried. */
  readonly why?: string;
}

/** How to mend an instance, by the kind of the difference. An operator decides about the kinds that are not here. */
const WAYS: Partial<Record<Difference["kind"], MendPayload["way"]>> = {
  "deployment-missing": "broken",
  "guard-missing": "guard",
  "user-missing": "users",
};

/** Runs the mending of an instance as an operation. @throws StoreError */
export async function mendInstance(
  { context, executor }: ControlPlane,
  instanceId: string,
  way: MendPayload["way"],
  record?: InstanceRow,
): Promise<Pick<Reconciled, "isMended" | "why">> {
  const payload: MendPayload = { way };
  const operation = newOperation(context, { instanceId, kind: "mend", payload });
  const order: Order = { actor: "operator", ...(record && { record: { table: "instances", row: record } }) };
  if (!(await context.store.openOperation(operation, order)))
    return { isMended: false, why: "another operation of the instance is in progress" };
  const ending = await executor.start(operation);
  return ending === "succeeded" ? { isMended: true } : { isMended: false, why: "a backend refused; see the log" };
}

async function mend(controlPlane: ControlPlane, difference: Difference): Promise<Reconciled> {
  const { context } = controlPlane;
  const { kind, subject } = difference;
  const way = WAYS[kind];
  if (way !== undefined) return { ...difference, ...(await mendInstance(controlPlane, subject, way)) };
  if (kind === "objects-missing") {
    await context.store.setBackup(subject, { state: "failed" });
    return { ...difference, isMended: true };
  }
  if (kind !== "ghost-deployment") return { ...difference, isMended: false };
  const record = await recordOfGhost(context, subject);
  if (record === undefined) return { ...difference, isMended: false, why: "its manifest does not say whose it is" };
  // Its bindings are forgotten, so it stays closed until somebody binds it.
  return { ...difference, ...(await mendInstance(controlPlane, record.id, "guard", record)) };
}

/**
 * Compares the broker's records with the director, OpenStack, Consul, data guard and the container of backups.
 *
 * @param isMending whether to mend what can be mended safely. Default: false, nothing is changed
 * @returns every difference found
 * @throws BackendError, FinalError if a backend can't be asked: then nothing is known, and nothing is changed
 */
export async function reconcile(
  controlPlane: ControlPlane,
  project: OpenStackProject,
  isMending = false,
): Promise<readonly Reconciled[]> {
  const { context } = controlPlane;
  const before = await readRecords(context);
  const inventory = await takeInventory(context, project, before);
  // Whatever began or ended while the backends were asked is left out.
  const after = await readRecords(context);
  const busy = new Set([...before.busy, ...after.busy]);
  const named = new Set([...before.named, ...after.named]);
  const differences = findDifferences(
    { ...after, busy, named },
    inventory,
    ({ plan_id: id }) => planOf(context, id).nodes,
  );
  const reconciled: Reconciled[] = [];
  for (const each of differences)
    reconciled.push(isMending ? await mend(controlPlane, each) : { ...each, isMended: false });
  return reconciled;
}
