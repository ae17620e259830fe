import { Refusal } from "../../refusal.ts";
import { ensureAccount, findContainer } from "../state/containers.ts";
import type { Swift } from "../state/state.ts";
import { notFound, refusal } from "../wire/errors.ts";
import { deleteArchived, markDeleted } from "./versions.ts";

/** Deletes an empty container. @throws Refusal 404, 409 */
export function removeContainer(swift: Swift, account: string, name: string): void {
  const container = findContainer(swift, account, name);
  if (container === undefined) throw notFound();
  if ((container.versions?.size ?? 0) > 0) throw new Refusal(409, "", "Delete all versions before deleting container.");
  if (container.objects.size > 0) throw refusal(409);
  ensureAccount(swift, account).delete(name);
  swift.cloud.kernel.record("swift", "container.delete", `${account}/${name}`);
}

/** Deletes an object, not its segments. @throws Refusal 404 */
export function removeObject(swift: Swift, account: string, container: string, name: string): void {
  const row = findContainer(swift, account, container);
  if (row === undefined) throw notFound();
  if (row.isVersioned === true) markDeleted(swift, row, name);
  else if (!deleteArchived(swift, account, row, name) && !row.objects.delete(name)) throw notFound();
  swift.cloud.kernel.record("swift", "object.delete", `${account}/${container}/${name}`);
}
