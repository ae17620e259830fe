import { hash } from "node:crypto";

/** SHA-1 of a value as JSON, in hexadecimal digits: it is equal for equal values, and decides whether a part has changed. */
export const digestOf = (value: unknown): string => hash("sha1", JSON.stringify(value) ?? "", "hex");
