import type { Actor } from "../../cloud.ts";
import { backendOf } from "./backend.ts";
import { notFoundById } from "../wire/errors.ts";
import { type Cinder, recordChange } from "./cinder.ts";
import type { TypeRow } from "./rows.ts";

/** The release's built-in type, which a new cloud has besides the default. */
export const RELEASE_TYPE = "__DEFAULT__";

/** The name of the default type of a cloud: that of its back end. */
export const defaultTypeOf = ({ cloud }: Cinder): string => backendOf(cloud).name;

/** A type by name or id. */
export const findType = ({ slot }: Cinder, nameOrId: string): TypeRow | undefined =>
  slot.value.types.get(nameOrId) ?? [...slot.value.types.values()].find(({ name }) => name === nameOrId);

/** Whether the actor may use a type: public ones, and those that its project was given access to. */
export const canUseType = (actor: Actor, { isPublic, projects }: TypeRow): boolean =>
  actor.isAdmin || isPublic || projects.includes(actor.projectId);

/** The type that is named, else the default. @throws Refusal 404 */
export function requireType(
  { cinder, actor }: { readonly cinder: Cinder; readonly actor: Actor },
  wanted: string | null | undefined,
): TypeRow {
  const ofProject = cinder.slot.value.defaultTypes.get(actor.projectId);
  const found = findType(cinder, wanted ?? ofProject ?? defaultTypeOf(cinder));
  if (found !== undefined && canUseType(actor, found)) return found;
  const isId = /^[0-9a-f-]{36}$/.test(wanted ?? "");
  throw notFoundById(isId ? "Volume type" : "Volume type with name", wanted ?? defaultTypeOf(cinder));
}

/** Adds a type, to which no project has access yet. */
export function addType(
  cinder: Cinder,
  wanted: Pick<TypeRow, "name" | "description" | "isPublic" | "extraSpecs">,
): TypeRow {
  const row: TypeRow = {
    id: cinder.cloud.uuid("cinder"),
    ...wanted,
    createdMs: cinder.cloud.kernel.nowMs,
    projects: [],
  };
  cinder.slot.value.types.set(row.id, row);
  recordChange(cinder, "type.create", row.id, { name: row.name });
  return row;
}
