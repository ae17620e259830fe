import type { TypeRow } from "../../state/rows.ts";
import { canUseType } from "../../state/types.ts";
import { notFoundById } from "../../wire/errors.ts";
import type { CinderCall } from "../../wire/request.ts";

/** Finds a type by id only, as this part of the API does; others also look by name. @throws Refusal 404 */
export function requireTypeOf({ cinder, actor, params }: CinderCall): TypeRow {
  const row = cinder.slot.value.types.get(params.id ?? "");
  if (row === undefined || !canUseType(actor, row)) throw notFoundById("Volume type", params.id ?? "");
  return row;
}

/** Whether any volume has this type. */
export const isTypeUsed = ({ cinder }: CinderCall, row: TypeRow): boolean =>
  [...cinder.slot.value.volumes.values()].some(({ typeId }) => typeId === row.id);
