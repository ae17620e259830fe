import Type from "typebox";
import type { JsonObject } from "../client/http/json.ts";

/** The documentation of a key; see `schema.ts`. */
export interface Words {
  readonly description: string;
  readonly expected?: string;
  readonly fallback?: string;
  readonly examples?: readonly unknown[];
}

/** A choice in words. */
export const oneOf = (words: readonly string[]): string => `one of ${words.join(", ")}`;

/** A text that is not empty. */
export const Text = (words: Words) => Type.Optional(Type.String({ minLength: 1, expected: "a text", ...words }));

/** A text in a format that no JSON Schema keyword describes exactly. */
export const Checked = (isRight: (text: string) => boolean, words: Words) =>
  Type.Optional(Type.Refine(Type.String({ minLength: 1, ...words }), isRight));

/** A mapping with known keys; any other is refused. */
export const Section = <P extends Type.TProperties>(properties: P, words: Words) =>
  Type.Optional(Type.Object(properties, { additionalProperties: false, expected: "a mapping", ...words }));

/** A mapping with keys that only the broker knows. */
export const FreeMapping = (words: Words) =>
  Type.Optional(Type.Unsafe<JsonObject>({ type: "object", expected: "a mapping", ...words }));

/** A mapping from names of the user's choice to values of one kind. */
export const MappingOf = <S extends Type.TSchema>(keyName: string, value: S, words: Words) =>
  Type.Optional(Type.Record(Type.String(), value, { keyName, expected: "a mapping", ...words }));

/** Whether a text is an http or https URL. */
export const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? "");
/** An http or https URL. */
export const HttpUrl = (words: Words) => Checked(isHttpUrl, { expected: "an http or https URL", ...words });
