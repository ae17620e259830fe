import { isIdentical } from "../values/compare.ts";
import { type Document, isArray, isDocument, type Value } from "../values/value.ts";

interface Description {
  readonly updatedFields: Record<string, Value>;
  readonly removedFields: string[];
  readonly truncatedArrays: Document[];
}

/** The changes of an update, field by field, as change streams report them. */
export function describeUpdate(before: Document, after: Document): Document {
  const made: Description = { updatedFields: {}, removedFields: [], truncatedArrays: [] };
  describe(before, after, "", made);
  return { ...made };
}

function describe(before: Document, after: Document, prefix: string, made: Description): void {
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) made.removedFields.push(prefix + name);
  for (const [name, value] of Object.entries(after)) {
    const there = Object.hasOwn(before, name) ? before[name] : undefined;
    if (isIdentical(there, value)) continue;
    if (isDocument(there) && isDocument(value)) describe(there, value, `${prefix}${name}.`, made);
    else if (isArray(there) && isArray(value) && value.length <= there.length)
      describeArray(there, value, prefix + name, made);
    else made.updatedFields[prefix + name] = value;
  }
}

/** An array that has not grown is described by its elements and its new size. */
function describeArray(before: readonly Value[], after: readonly Value[], path: string, made: Description): void {
  if (after.length < before.length) made.truncatedArrays.push({ field: path, newSize: after.length });
  for (const [at, value] of after.entries()) {
    const there = before[at];
    if (isIdentical(there, value)) continue;
    if (isDocument(there) && isDocument(value)) describe(there, value, `${path}.${at}.`, made);
    else made.updatedFields[`${path}.${at}`] = value;
  }
}
