import type { Actor } from "../../cloud.ts";
import type { ResourceRow } from "../state/rows.ts";
import { removePoliciesOf, shareWithAll } from "../state/sharing.ts";
import type { Neutron } from "../state/state.ts";
import { type Attributes, convertValue, type NewFields, projectOf } from "../wire/attributes.ts";
import type { View } from "../wire/views.ts";
import type { Resource } from "./resource.ts";

/*
 * Rows of a resource, with what goes along with them: bulks are all or nothing, and sharing follows its attribute.
 */

/** Attributes that only a list of resources may have are checked, and then ignored for a single one. */
export function dropBulkOnly<T extends ResourceRow, A extends Attributes>(resource: Resource<T, A>, item: View): View {
  const { bulkOnly = [] } = resource;
  const names = bulkOnly.filter((name) => Object.hasOwn(item, name));
  if (names.length === 0) return item;
  for (const name of names) convertValue(name, item[name], resource.attributes[name]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));
}

/** A bulk is all or nothing. */
export function createAll<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  all: readonly NewFields<A>[],
): readonly T[] {
  const created: T[] = [];
  try {
    for (const fields of all) {
      const row = resource.create(neutron, actor, projectOf(actor, fields), fields);
      created.push(row);
      share(neutron, resource, row, fields);
    }
    return created;
  } catch (error) {
    for (const row of created.reverse()) removeRow(neutron, resource, actor, row);
    throw error;
  }
}

/** Shares a row with all projects, or no longer, as its attribute says. */
export function share<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  { sharedAs }: Resource<T, A>,
  row: T,
  fields: Readonly<Record<string, unknown>>,
): void {
  if (sharedAs !== undefined && fields.shared !== undefined)
    shareWithAll(neutron, sharedAs, row, fields.shared === true);
}

/** Removes a row with the policies that share it. @throws Refusal */
export function removeRow<T extends ResourceRow, A extends Attributes>(
  neutron: Neutron,
  resource: Resource<T, A>,
  actor: Actor,
  row: T,
): void {
  resource.remove(neutron, actor, row);
  if (resource.sharedAs !== undefined) removePoliciesOf(neutron, row.id);
}
