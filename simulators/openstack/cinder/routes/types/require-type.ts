import type { TypeRow } from "../../state/rows.ts";
import { missing } from "../../wire/errors.ts";
import type { Call } from "../../wire/request.ts";

/** By id only, as this part of the API wants it; the types are looked for by name elsewhere. @throws Refusal 404 */
export function typeOf({ cinder, actor, params }: Call): TypeRow {
  const row = cinder.slot.value.types.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.isPublic || row.projects.includes(actor.projectId)))
    throw missing("Volume type", params.id ?? "");
  return row;
}

export const usedBy = ({ cinder }: Call, row: TypeRow): boolean =>
  [...cinder.slot.value.volumes.values()].some(({ typeId }) => typeId === row.id);
