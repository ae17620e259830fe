import { hash } from "node:crypto";

/** SHA-1 of a value as JSON, in hexadecimal: equal for equal values, so it decides whether a part has changed. */
export const digestOf = (value: unknown): string => hash("sha1", JSON.stringify(value) ?? "", "hex");
