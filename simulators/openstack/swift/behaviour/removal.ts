import { ensureAccount, findContainer } from "../state/containers.ts";
import type { Swift } from "../state/state.ts";
import { notFound, refusal } from "../wire/errors.ts";

/** Deletes an empty container. @throws Refusal 404, 409 */
export function removeContainer(swift: Swift, account: string, name: string): void {
  const container = findContainer(swift, account, name);
  if (container === undefined) throw notFound();
  if (container.objects.size > 0) throw refusal(409);
  ensureAccount(swift, account).delete(name);
  swift.cloud.kernel.record("swift", "container.delete", `${account}/${name}`);
}

/** Deletes an object, not its segments. @throws Refusal 404 */
export function removeObject(swift: Swift, account: string, container: string, name: string): void {
  if (findContainer(swift, account, container)?.objects.delete(name) !== true) throw notFound();
  swift.cloud.kernel.record("swift", "object.delete", `${account}/${container}/${name}`);
}
