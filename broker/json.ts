import type Type from "typebox";
import { Compile } from "typebox/compile";

/** Whether a value is a JSON object: neither null nor a list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Makes a parser of JSON that the broker itself has written. The schema is checked nonetheless, so that the value has its type.
 *
 * @returns a function that throws Error if the text is not JSON of that schema
 */
export function parserOf<S extends Type.TSchema>(what: string, schema: S): (text: string) => Type.Static<S> {
  const compiled = Compile(schema);
  return (text) => {
    const value: unknown = JSON.parse(text);
    if (compiled.Check(value)) return value;
    throw new Error(`${what} in the store is not what this broker writes`);
  };
}

/** Parses a JSON object that the broker itself has written. @throws Error if it is not one */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (isObject(value)) return value;
  throw new Error("what the store holds is not a JSON object");
}
