import type { Refusal } from "../../refusal.ts";
import type { Entity } from "./entities.ts";
import type { KeystoneState } from "./state.ts";

/** The kinds of entities among which a name is unique. */
type Namespace = "user" | "project" | "domain" | "role" | "group" | "appcred";

/** Key of a name in `KeystoneState.names`. Names are unique regardless of case. */
export const nameKey = (namespace: Namespace, domainId: string, name: string): string =>
  `${namespace}/${domainId}/${name.toLowerCase()}`;

/** The id behind a name. */
export const idByName = (
  state: KeystoneState,
  namespace: Namespace,
  domainId: string,
  name: string,
): string | undefined => state.names.get(nameKey(namespace, domainId, name));

/** Gives an entity its name within a domain and releases its previous one. @throws `taken()` when another entity has it */
export function claimName(
  state: KeystoneState,
  namespace: Namespace,
  domainId: string,
  entity: Entity,
  name: string,
  taken: () => Refusal,
): void {
  const key = nameKey(namespace, domainId, name);
  const holder = state.names.get(key);
  if (holder !== undefined && holder !== entity.id) throw taken();
  if (entity.name !== "") state.names.delete(nameKey(namespace, domainId, entity.name));
  state.names.set(key, entity.id);
  entity.name = name;
}
