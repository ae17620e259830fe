import { type Document, type Draft, isArray, isDocument, typeOf, type Value } from "../../values/value.ts";
import { ServerError } from "../../wire/errors.ts";
import { isNothing } from "../scope.ts";
import { ANY, type FunctionTable, ONE } from "./table.ts";

function merge(values: readonly Value[]): Value {
  return values
    .flatMap((each) => (isArray(each) && values.length === 1 ? each : [each]))
    .filter((each) => !isNothing(each))
    .reduce<Document>((made, each) => {
      if (!isDocument(each))
        throw new ServerError(40400, `$mergeObjects requires object inputs, but input is of type ${typeOf(each)}`);
      return { ...made, ...each };
    }, {});
}

function entriesOf([value]: readonly Value[]): Value {
  if (isNothing(value)) return null;
  if (!isDocument(value))
    throw new ServerError(40390, `$objectToArray requires a document input, found: ${typeOf(value)}`);
  return Object.entries(value).map(([k, v]) => ({ k, v }));
}

function fromEntries([value]: readonly Value[]): Value {
  if (isNothing(value)) return null;
  if (!isArray(value)) throw new ServerError(40386, `$arrayToObject requires an array input, found: ${typeOf(value)}`);
  const made: Draft = {};
  for (const each of value) {
    const [name, content] = isArray(each) ? each : isDocument(each) ? [each.k, each.v] : [];
    if (typeof name !== "string" || name.includes("\0") || name === "__proto__")
      throw new ServerError(40394, "$arrayToObject requires an array of key-value pairs, where the key must be a text");
    made[name] = content;
  }
  return made;
}

const namedOf = (value: Value, name: string): Document => {
  if (!isDocument(value)) throw new ServerError("FailedToParse", `${name} requires an object`);
  return value;
};

/** Documents. */
export const OBJECTS: FunctionTable = {
  $mergeObjects: { arity: ANY, apply: merge },
  $objectToArray: { arity: ONE, apply: entriesOf },
  $arrayToObject: { arity: ONE, apply: fromEntries },
  $getField: {
    arity: ONE,
    apply: ([given]) => {
      const { field, input } = namedOf(given, "$getField");
      return isDocument(input) && typeof field === "string" && Object.hasOwn(input, field) ? input[field] : undefined;
    },
  },
  $setField: {
    arity: ONE,
    apply: ([given]) => {
      const { field, input, value } = namedOf(given, "$setField");
      if (isNothing(input)) return null;
      if (typeof field !== "string" || field === "__proto__")
        throw new ServerError("FailedToParse", "$setField requires 'field' to be a text");
      return { ...namedOf(input, "$setField"), [field]: value };
    },
  },
  $unsetField: {
    arity: ONE,
    apply: ([given]) => {
      const { field, input } = namedOf(given, "$unsetField");
      if (isNothing(input)) return null;
      return Object.fromEntries(Object.entries(namedOf(input, "$unsetField")).filter(([name]) => name !== field));
    },
  },
};
