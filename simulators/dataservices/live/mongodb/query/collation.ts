import { byCodePoint, type TextOrder } from "../values/compare.ts";
import { type Document, fieldOf, isDocument, type Value } from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** Compares by the rules of a language; the text order of `Intl.Collator`. */
export interface Collation {
  readonly spec: Document;
  readonly order: TextOrder;
}

const SENSITIVITIES: Readonly<Record<string, Intl.CollatorOptions["sensitivity"]>> = {
  "1 false": "base",
  "1 true": "case",
  "2 false": "accent",
  "2 true": "variant",
};

/** Every field, with its default: as the server completes a collation (MongoDB manual, "Collation"). */
const DEFAULTS: Document = {
  caseLevel: false,
  caseFirst: "off",
  strength: 3,
  numericOrdering: false,
  alternate: "non-ignorable",
  maxVariable: "punct",
  normalization: false,
  backwards: false,
  version: "57.1",
};

/** A collation of a command or an index; undefined if there is none, or for the simple one. @throws ServerError BadValue, MissingField */
export function readCollation(value: Value): Collation | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isDocument(value)) throw new ServerError("TypeMismatch", "collation must be a document");
  const locale = fieldOf(value, "locale");
  if (locale === undefined && Object.keys(value).length === 0) return undefined;
  if (typeof locale !== "string")
    throw new ServerError("MissingField", "BSON field 'collation.locale' is missing but a required field");
  for (const name of Object.keys(value))
    if (name !== "locale" && !Object.hasOwn(DEFAULTS, name))
      throw new ServerError("UnknownField", `BSON field 'collation.${name}' is an unknown field.`);
  if (locale === "simple") return undefined;
  const spec = { locale, ...DEFAULTS, ...value };
  return { spec, order: orderOf(spec, locale) };
}

function orderOf(spec: Document, locale: string): TextOrder {
  const { strength, caseLevel, numericOrdering, caseFirst, alternate, backwards, normalization } = spec;
  if (backwards === true || normalization === true || caseLevel === undefined)
    throw new ServerError("NotImplemented", "not simulated: collation with backwards or normalization");
  const options: Intl.CollatorOptions = {
    sensitivity: SENSITIVITIES[`${String(strength)} ${String(caseLevel)}`] ?? "variant",
    numeric: numericOrdering === true,
    ignorePunctuation: alternate === "shifted",
    caseFirst: caseFirst === "upper" || caseFirst === "lower" ? caseFirst : "false",
  };
  try {
    const collator = new Intl.Collator(locale.replaceAll("_", "-"), options);
    const isComplete = Number(strength) >= 4;
    return (a, b) => Math.sign(collator.compare(a, b)) || (isComplete ? byCodePoint(a, b) : 0);
  } catch {
    throw new ServerError("BadValue", `Field 'locale' is invalid in: { locale: "${locale}" }`);
  }
}
