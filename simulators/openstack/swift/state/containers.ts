import type { RequestContext } from "../../service.ts";
import { notFound } from "../wire/errors.ts";
import type { ContainerRow, ObjectRow, Swift } from "./state.ts";

/** The account's containers; the account is created if it does not exist. */
export function ensureAccount({ slot }: Swift, name: string): Map<string, ContainerRow> {
  const { accounts } = slot.value;
  const containers = accounts.get(name) ?? new Map<string, ContainerRow>();
  accounts.set(name, containers);
  return containers;
}

/** The container without expired objects. */
export function dropExpired({ cloud }: Swift, container: ContainerRow): ContainerRow {
  const nowS = cloud.kernel.nowMs / 1000;
  for (const [name, { deleteAtS }] of container.objects)
    if (deleteAtS !== undefined && deleteAtS <= nowS) container.objects.delete(name);
  return container;
}

/** A container as it is now. */
export function findContainer(swift: Swift, account: string, name: string): ContainerRow | undefined {
  const container = swift.slot.value.accounts.get(account)?.get(name);
  return container && dropExpired(swift, container);
}

/** The container of the path. @throws Refusal 404 */
export function requireContainer(swift: Swift, { params }: RequestContext): ContainerRow {
  const container = findContainer(swift, params.account ?? "", params.container ?? "");
  if (container === undefined) throw notFound();
  return container;
}

/** `/container/object` as two names; `undefined` where one is missing. */
export function splitPath(path: string): readonly [container: string, object: string] | undefined {
  const [container, ...rest] = path.replace(/^\//, "").split("/");
  const object = rest.join("/");
  return container && object ? [container, object] : undefined;
}

/** The object at `/container/object`. */
export function findObject(swift: Swift, account: string, path: string): ObjectRow | undefined {
  const names = splitPath(path);
  return names && findContainer(swift, account, names[0])?.objects.get(names[1]);
}

/** The object of the path. @throws Refusal 404 */
export function requireObject(swift: Swift, context: RequestContext): ObjectRow {
  const object = requireContainer(swift, context).objects.get(context.params.object ?? "");
  if (object === undefined) throw notFound();
  return object;
}
