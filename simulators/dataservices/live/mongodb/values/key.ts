import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, ObjectId, Timestamp } from "bson";
import { bytesOf } from "./compare.ts";
import { exactDecimal, normalise } from "./decimal.ts";
import { decimalOf } from "./numbers.ts";
import { isArray, isDocument, isNumeric, type Numeric, numberOf, rankOf, type Value } from "./value.ts";

/**
 * A text that two values share if and only if they compare as equal, whatever their numeric types: the key of
 * indexes and groups.
 */
export function keyOf(value: Value): string {
  return `${rankOf(value)}:${contentOf(value)}`;
}

function contentOf(value: Value): string {
  if (value === undefined || value === null) return "";
  if (isNumeric(value)) return numberKey(value);
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Date) return String(value.getTime());
  if (isArray(value)) return `[${value.map(keyOf).join(",")}]`;
  if (isDocument(value))
    return `{${Object.entries(value)
      .map(([name, each]) => `${JSON.stringify(name)}=${keyOf(each)}`)
      .join(",")}}`;
  return rareKey(value);
}

function rareKey(value: Value): string {
  if (value instanceof BSONSymbol) return JSON.stringify(value.value);
  if (value instanceof Timestamp) return value.toBigInt().toString();
  if (value instanceof Binary) return `${value.sub_type}/${bytesOf(value).toString("base64")}`;
  if (value instanceof BSONRegExp) return `${JSON.stringify(value.pattern)}${value.options}`;
  if (value instanceof Code) return JSON.stringify(String(value.code));
  return String(value === true);
}

/**
 * Equal numbers of all types share one key: the whole number, otherwise the double, otherwise the decimal
 * that no double equals.
 */
function numberKey(value: Numeric): string {
  if (typeof value === "bigint") return value.toString();
  const number = numberOf(value) ?? 0;
  if (!(value instanceof Decimal128)) return doubleKey(number);
  if (!Number.isFinite(number) && !/^\d|^-\d/.test(value.toString())) return String(number);
  const { coefficient, exponent } = normalise(decimalOf(value));
  if (Number.isFinite(number)) {
    const exact = normalise(exactDecimal(number));
    if (exact.coefficient === coefficient && exact.exponent === exponent) return doubleKey(number);
  }
  return `${coefficient}E${exponent}`;
}

function doubleKey(number: number): string {
  if (Object.is(number, -0)) return "0";
  return Number.isInteger(number) ? BigInt(number).toString() : String(number);
}
