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

const NAME_REASON = "printable characters. Can not start or end with whitespace.";
const SPACED_NAME_REASON = "printable characters with at least one non space character";
const ZONE_REASON = "printable characters except :.Can not start or end with whitespace.";
const SPACED_ZONE_REASON = "printable characters except :, with at least one non space character";

const invalidName = (reason: string): string => `An invalid 'name' value was provided. The name must be: ${reason}`;

/** A check of names: what they may be, and the reason that the refusal gives. */
const nameCheck =
  (isFine: (name: string) => boolean, reason: string): Formats[string] =>
  (value) =>
    typeof value === "string" && (value === "" || isFine(value)) ? true : invalidName(reason);

const isName = (name: string): boolean => name === name.trim() && !UNPRINTABLE.test(name);
const isSpacedName = (name: string): boolean => name.trim() !== "" && !UNPRINTABLE.test(name);

/** The characters that names of key pairs may have, before and from microversion 2.92 on. */
const KEYPAIR_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

const keypairCheck =
  (signs: string): Formats[string] =>
  (value) =>
    typeof value !== "string" ||
    Array.from(value).every((char) => `${signs}${KEYPAIR_CHARACTERS}`.includes(char)) ||
    invalidName(`Only expected characters: [${signs}${KEYPAIR_CHARACTERS}]`);

/** A moment as Python's `iso8601` reads it. */
const ISO8601 =
  /^\d{4}(?:-?\d{1,2}(?:-?\d{1,2}(?:[ T]\d{1,2}(?::?\d{1,2}(?::?\d{1,2}(?:[.,]\d+)?)?)?(?:Z|[+-]\d{2}:?(?:\d{2})?)?)?)?)?$/;

const isMoment = (value: unknown): boolean => typeof value === "string" && ISO8601.test(value);

/** The formats that schemas of this service name. */
export const FORMATS: Formats = {
  name: nameCheck(isName, NAME_REASON),
  name_with_leading_trailing_spaces: nameCheck(isSpacedName, SPACED_NAME_REASON),
  az_name: nameCheck((name) => isName(name) && !name.includes(":"), ZONE_REASON),
  az_name_with_leading_trailing_spaces: nameCheck(
    (name) => isSpacedName(name) && !name.includes(":"),
    SPACED_ZONE_REASON,
  ),
  keypair_name_20: keypairCheck("_- "),
  keypair_name_292: keypairCheck("@._- "),
  "date-time": isMoment,
  uuid: (value) => typeof value !== "string" || isUuid(value),
  regex: (value) => typeof value === "string" && isPythonRegex(value),
  ipv4: (value) => typeof value !== "string" || isIpv4(value),
  ipv6: (value) => typeof value !== "string" || isIpv6(value),
  base64: (value) => typeof value !== "string" || BASE64.test(value.replaceAll(/\s/g, "")),
};

/** Whether a value is one of the words that Nova takes for true. */
export const isTrueWord = (value: unknown): boolean =>
  ["true", "1", "on", "yes", "y", "t"].includes(String(value).toLowerCase());
