import { isObject } from "../../kernel/index.ts";
import { Refusal } from "../wire/refusal.ts";
import { type Fields } from "./decode.ts";

/** An entry that may not be kept; the message is Consul's. */
export class EntryError extends Refusal {}

/** @throws EntryError */
export const refuseEntry = (message: string): never => {
  throw new EntryError(message);
};

/** A text of an entry; empty for none. */
export const textIn = (fields: Fields, name: string): string => {
  const value = fields[name];
  return typeof value === "string" ? value : "";
};

/** A struct of an entry; undefined if it is not given. */
export const structIn = (fields: Fields, name: string): Fields | undefined => {
  const value = fields[name];
  return isObject(value) ? value : undefined;
};

/** The texts in a list of an entry. */
export const textsIn = (fields: Fields, name: string): readonly string[] => {
  const value = fields[name];
  return Array.isArray(value) ? value.map(String) : [];
};

/** A text in quotes, as Go shows it. */
export const quote = (text: string): string => JSON.stringify(text);

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];
/** Whether a text is a method of HTTP. */
export const isMethod = (text: string): boolean => METHODS.includes(text);

/** Conditions on which a route may retry. */
export const RETRIES = [
  "5xx",
  "gateway-error",
  "reset",
  "connect-failure",
  "envoy-ratelimited",
  "retriable-4xx",
  "refused-stream",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** How many of these members are present. */
export const countGiven = (fields: Fields, names: readonly string[]): number =>
  names.filter((name) => fields[name] !== undefined && fields[name] !== "" && fields[name] !== false).length;

/** @throws EntryError for an invalid or repeated method */
export function checkMethods(methods: readonly string[], where: string): void {
  for (const [at, method] of methods.entries()) {
    if (!METHODS.includes(method)) refuseEntry(`${where} contains an invalid method ${quote(method)}`);
    if (methods.indexOf(method) < at) refuseEntry(`${where} contains ${quote(method)} more than once`);
  }
}

/** @throws EntryError for paths that do not begin with `/`, or several of them */
export function checkPaths(http: Fields, where: string, separator: string): number {
  for (const name of ["PathExact", "PathPrefix"]) {
    const path = textIn(http, name);
    if (path !== "" && !path.startsWith("/"))
      refuseEntry(`${where}${separator}${name} doesn't start with '/': ${quote(path)}`);
  }
  const count = countGiven(http, ["PathExact", "PathPrefix", "PathRegex"]);
  if (count > 1) refuseEntry(`${where} should only contain at most one of PathExact, PathPrefix, or PathRegex`);
  return count;
}
