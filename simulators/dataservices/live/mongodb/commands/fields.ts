import { Timestamp } from "bson";
import {
  type Document,
  fieldOf,
  isArray,
  isDocument,
  isNumeric,
  isTruthy,
  numberOf,
  typeOf,
  type Value,
} from "../values/value.ts";
import { ServerError } from "../wire/errors.ts";

/** The type that a field of a command may have. */
type FieldType = "string" | "object" | "array" | "bool" | "number" | "timestamp" | "any";

/** The fields of a command, by name. Any other is refused, except by `hello`: clients send it things that only newer servers know. */
export type Fields = Readonly<Record<string, FieldType>>;

/** Marks a command that accepts any other fields as well. */
export const OPEN: Fields = { "*": "any" };

const CHECKS: Readonly<Record<FieldType, (value: Value) => boolean>> = {
  string: (value) => typeof value === "string",
  object: isDocument,
  array: isArray,
  bool: (value) => typeof value === "boolean" || isNumeric(value),
  number: (value) => isNumeric(value),
  timestamp: (value) => value instanceof Timestamp,
  any: () => true,
};

/** Fields that every command may have (`src/mongo/idl/generic_argument.idl`). */
const GENERIC: Fields = {
  $db: "string",
  $readPreference: "any",
  $clusterTime: "object",
  $audit: "any",
  $client: "any",
  lsid: "object",
  txnNumber: "number",
  autocommit: "bool",
  startTransaction: "bool",
  stmtId: "number",
  readConcern: "object",
  writeConcern: "object",
  maxTimeMS: "number",
  comment: "any",
  apiVersion: "string",
  apiStrict: "bool",
  apiDeprecationErrors: "bool",
};

/**
 * Refuses fields that a command does not have, and fields of the wrong type.
 *
 * @throws ServerError UnknownField, TypeMismatch
 */
export function checkFields(name: string, body: Document, fields: Fields): void {
  for (const [field, value] of Object.entries(body)) {
    if (field === name) continue;
    const type = Object.hasOwn(fields, field)
      ? fields[field]
      : Object.hasOwn(GENERIC, field)
        ? GENERIC[field]
        : undefined;
    if (type === undefined && Object.hasOwn(fields, "*")) continue;
    if (type === undefined) throw new ServerError("UnknownField", `BSON field '${name}.${field}' is an unknown field.`);
    if (value === null || CHECKS[type](value)) continue;
    throw new ServerError(
      "TypeMismatch",
      `BSON field '${name}.${field}' is the wrong type '${typeOf(value)}', expected type '${type === "number" ? "long" : type}'`,
    );
  }
}

/** A document in a field; undefined if absent. */
export function documentIn(body: Document, name: string): Document | undefined {
  const value = fieldOf(body, name);
  return isDocument(value) ? value : undefined;
}

/** A list in a field; empty if absent. */
export function listIn(body: Document, name: string): readonly Value[] {
  const value = fieldOf(body, name);
  return isArray(value) ? value : [];
}

/** @throws ServerError MissingField */
export function requireList(command: string, body: Document, name: string): readonly Value[] {
  const value = fieldOf(body, name);
  if (!isArray(value))
    throw new ServerError("MissingField", `BSON field '${command}.${name}' is missing but a required field`);
  return value;
}

/** The documents of a list. @throws ServerError TypeMismatch */
export function documentsIn(command: string, body: Document, name: string): readonly Document[] {
  return requireList(command, body, name).map((each) => {
    if (!isDocument(each))
      throw new ServerError(
        "TypeMismatch",
        `BSON field '${command}.${name}' is the wrong type '${typeOf(each)}', expected type 'object'`,
      );
    return each;
  });
}

/** A text in a field; undefined if absent. */
export function textIn(body: Document, name: string): string | undefined {
  const value = fieldOf(body, name);
  return typeof value === "string" ? value : undefined;
}

/** @throws ServerError MissingField */
export function requireText(command: string, body: Document, name: string): string {
  const value = textIn(body, name);
  if (value === undefined)
    throw new ServerError("MissingField", `BSON field '${command}.${name}' is missing but a required field`);
  return value;
}

/** A whole number of at least 0. @throws ServerError BadValue */
export function countIn(body: Document, name: string): number | undefined {
  const value = fieldOf(body, name);
  if (value === undefined || value === null) return undefined;
  const number = numberOf(value);
  if (number === undefined || !Number.isFinite(number))
    throw new ServerError("BadValue", `'${name}' must be a whole number`);
  if (number < 0) throw new ServerError(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return Math.trunc(number);
}

/** Whether a switch is on. */
export const isOn = (body: Document, name: string): boolean => isTruthy(fieldOf(body, name));
