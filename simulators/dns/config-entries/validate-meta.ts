import { severalErrors, type Fields } from "./decode.ts";
import { refuseEntry, textIn, structIn, quote } from "./fields.ts";

const META_PAIRS_MAX = 64;
const META_KEY_MAX = 128;
const META_VALUE_MAX = 512;

/** The error in the metadata of an entry. */
export function metaErrors(fields: Fields): readonly string[] {
  const pairs = Object.entries(structIn(fields, "Meta") ?? {});
  return [
    ...(pairs.length > META_PAIRS_MAX ? [`Meta exceeds maximum element count ${META_PAIRS_MAX}`] : []),
    ...pairs.flatMap(([key, value]) => [
      ...(key.length > META_KEY_MAX ? [`Meta key ${quote(key)} exceeds maximum length ${META_KEY_MAX}`] : []),
      ...(String(value).length > META_VALUE_MAX
        ? [`Meta value for key ${quote(key)} exceeds maximum length ${META_VALUE_MAX}`]
        : []),
    ]),
  ];
}

/** @throws EntryError */
export function checkMeta(fields: Fields): void {
  const errors = metaErrors(fields);
  if (errors.length > 0) refuseEntry(severalErrors(errors));
}

/** @throws EntryError for an entry without a name */
export const requireName = (fields: Fields): void => {
  if (textIn(fields, "Name") === "") refuseEntry("Name is required");
};
