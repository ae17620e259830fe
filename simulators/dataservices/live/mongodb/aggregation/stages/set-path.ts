import { type Document, fieldOf, isArray, isDocument, type Value } from "../../values/value.ts";

/**
 * A document with a value at a path; with `undefined`, without the field. In an array on the way, each
 * element gets it, and anything that is not a document becomes one, as in `$addFields`.
 */
export function setPath(document: Document, path: readonly string[], value: Value): Document {
  const [name = "", ...rest] = path;
  if (rest.length > 0) return { ...document, [name]: below(fieldOf(document, name), rest, value) };
  if (value !== undefined) return { ...document, [name]: value };
  const { [name]: _removed, ...others } = document;
  return others;
}

function below(there: Value, path: readonly string[], value: Value): Value {
  if (isArray(there)) return there.map((each) => below(each, path, value));
  if (isDocument(there)) return setPath(there, path, value);
  return value === undefined ? there : setPath({}, path, value);
}
