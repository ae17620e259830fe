import { isArray, isObject } from "../../http/json.ts";
import type { Test } from "./rule.ts";

export const isString: Test = (value) => typeof value === "string";

export const isFilled: Test = (value) => typeof value !== "string" || value.length > 0;

export const isBoolean: Test = (value) => typeof value === "boolean";

export const isStrings: Test = (value) => isArray(value) && value.every(isString);

export const isRecord: Test = (value) => isObject(value);

export const matches =
  (pattern: RegExp): Test =>
  (value) =>
    typeof value !== "string" || pattern.test(value);

export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

export const PERMISSIONS = ["syslog_drain", "route_forwarding", "volume_mount"];

export const CLI_NAME = /^[A-Za-z0-9.-]+$/;
