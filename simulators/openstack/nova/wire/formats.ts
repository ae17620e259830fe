import { compilePattern, isUuidLike } from "../../../kernel/index.ts";
import type { Formats } from "../../schema/schema.ts";

/** The shortest form of an IPv6 address, all in hexadecimal, as the database keeps it. */
export const shortIpv6 = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

const isUuid = (value: unknown): boolean => typeof value === "string" && isUuidLike(value);
const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
const isIpv4 = (value: unknown): boolean => typeof value === "string" && V4.test(value);
const isIpv6 = (value: unknown): boolean =>
  typeof value === "string" && value.includes(":") && URL.canParse(`http://[${value}]/`);

/** Constructs that Python compiles and RE2 does not; they are refused when it comes to matching. */
const BEYOND_RE2 = /\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9AZ]|[*+?}]\+|\{\d{4,}|\{\d+,\d{4,}/;

/** Whether Python would compile it. */
const isPythonRegex = (text: string): boolean => text !== "" && (compilePattern(text).ok || BEYOND_RE2.test(text));

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Characters that Python's Unicode tables class as no letter, mark, number, sign or blank. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** The formats that schemas of this service name. */
export const FORMATS: Formats = {
  name: (value) =>
    typeof value !== "string" ||
    (value === value.trim() && !UNPRINTABLE.test(value)) ||
    "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.",
  uuid: (value) => typeof value !== "string" || isUuid(value),
  regex: (value) => typeof value === "string" && isPythonRegex(value),
  ipv4: (value) => typeof value !== "string" || isIpv4(value),
  ipv6: (value) => typeof value !== "string" || isIpv6(value),
  base64: (value) => typeof value !== "string" || BASE64.test(value.replaceAll(/\s/g, "")),
};

/** Whether a value is one of the words that Nova takes for true. */
export const isTrueWord = (value: unknown): boolean =>
  ["true", "1", "on", "yes", "y", "t"].includes(String(value).toLowerCase());
