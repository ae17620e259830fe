import { notFoundById } from "../wire/errors.ts";
import type { CinderCall } from "../wire/request.ts";
import type { Cinder } from "./cinder.ts";
import type { TypeRow } from "./rows.ts";

/** Names of the types that are there from the beginning; the first is the default. */
export const INITIAL_TYPES = ["fake", "__DEFAULT__"] as const;

/** A type by name or id. */
export const findType = ({ slot }: Cinder, nameOrId: string): TypeRow | undefined =>
  slot.value.types.get(nameOrId) ?? [...slot.value.types.values()].find(({ name }) => name === nameOrId);

/** The type that is named, else the source's, else the default. @throws Refusal 404 */
export function requireType(
  { cinder, actor }: Pick<CinderCall, "cinder" | "actor">,
  wanted: string | null | undefined,
): TypeRow {
  const found = findType(cinder, wanted ?? INITIAL_TYPES[0]);
  const visible = found !== undefined && (actor.isAdmin || found.isPublic || found.projects.includes(actor.projectId));
  if (visible) return found;
  const isId = /^[0-9a-f-]{36}$/.test(wanted ?? "");
  throw notFoundById(isId ? "Volume type" : "Volume type with name", wanted ?? INITIAL_TYPES[0]);
}

/** Makes a type. */
export function makeType(
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
  return row;
}
