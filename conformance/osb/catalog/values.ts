import { isArray, isObject } from "../../client/http/json.ts";
import type { Test } from "./rule.ts";

/** Any string. */
export const isString: Test = (value) => typeof value === "string";

/** Not the empty string; what is not a string is for another rule. */
export const isFilled: Test = (value) => typeof value !== "string" || value.length > 0;

/** A boolean. */
export const isBoolean: Test = (value) => typeof value === "boolean";

/** A list of strings. */
export const isStrings: Test = (value) => isArray(value) && value.every(isString);

/** A JSON object. */
export const isRecord: Test = (value) => isObject(value);

/** A string of this form; what is not a string is for another rule. */
export const matches =
  (pattern: RegExp): Test =>
  (value) =>
    typeof value !== "string" || pattern.test(value);

/** A GUID in its usual spelling, in either case. */
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A version after Semantic Versioning 2.0.0. */
export const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/** What `requires` of an offering may name. */
export const PERMISSIONS = ["syslog_drain", "route_forwarding", "volume_mount"];

/** "All lowercase, no spaces", as 2.11 and 2.12 have it, without a keyword. */
export const LOWER_CASE_NAME = /^[^\s\p{Lu}]*$/u;

/** The alphabet that is recommended for names. */
export const CLI_NAME = /^[A-Za-z0-9.-]+$/;
