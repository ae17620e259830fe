import { isIPv4, isIPv6 } from "node:net";
import { own } from "../../../kernel/index.ts";
import { str } from "../../python/index.ts";
import { invalidObject, schemaViolation } from "./errors.ts";
import { isDomain } from "./fields.ts";

/*
 * Records by type: what their text must look like (designate/objects/rrdata_*.py of Zed).
 */

const U8_MAX = 255;
const U16_MAX = 65_535;
const U32_MAX = 4_294_967_296;
const STRING_LENGTH_MAX = 255;

const SERVICE_NAME = /^(?:\*\.)?(?:_[A-Za-z0-9_-]{1,62}\.){2}/;
const CERT_TYPES = ["PKIX", "SPKI", "PGP", "IPKIX", "ISPKI", "IPGP", "ACPKIX", "IACPKIX", "URI", "OID"];
const CERT_ALGORITHMS = [
  "RSAMD5",
  "DSA",
  "RSASHA1",
  "DSA-NSEC3-SHA1",
  "RSASHA1-NSEC3-SHA1",
  "RSASHA256",
  "RSASHA512",
  "ECC-GOST",
  "ECDSAP256SHA256",
  "ECDSAP384SHA384",
  "ED25519",
  "ED448",
];
const FINGERPRINT = /^(?:[0-9A-Fa-f]{10,40}|[0-9A-Fa-f]{64})$/;
const NAPTR_FLAGS = /^(?!.*(.).*\1)[APSU]+$/;
const NAPTR_REGEXP = /^([^0-9i\\])(.*)\1((.+)|(\\[1-9]))\1(i?)/;

const isNumber = (text: string | undefined, max: number): boolean => /^\d+$/.test(text ?? "") && Number(text) <= max;
const areNumbers = (texts: readonly string[], max: number): boolean => texts.every((text) => isNumber(text, max));
/** Whether a number is written as Python would write it. */
const isPlainNumber = (text: string | undefined, max: number): boolean =>
  isNumber(text, max) && String(Number(text)) === text;

/** Whether quotes within quotes are escaped. */
const hasEscapedQuotes = (value: string): boolean => !/(^|[^\\])"/.test(value.replace(/^"+|"+$/g, ""));

function isTextString(value: string): boolean {
  if (value.length > STRING_LENGTH_MAX || value.startsWith('"') !== value.endsWith('"')) return false;
  return value.startsWith('"') ? hasEscapedQuotes(value) : !/\s/.test(value);
}

/** A string of at most 255 characters, or several in quotes. */
function isTxt(value: string): boolean {
  if (value.endsWith("\\")) return false;
  if (value.length <= STRING_LENGTH_MAX) return isTextString(value);
  const inner = value.replace(/^"+|"+$/g, "");
  if (!(value.startsWith('"') && value.endsWith('"')) && !inner.includes('" "')) return false;
  return inner.split('" "').every((part) => isTextString(`"${part}"`));
}

const isSpf = (value: string): boolean =>
  value.startsWith('"') || value.endsWith('"') ? hasEscapedQuotes(value) : !/\s/.test(value);

const isPlainDomain = (text: string | undefined): boolean => isDomain(`${text ?? ""}.`);

function isCaa(value: string): boolean {
  const [flags, tag, ...words] = value.split(" ");
  const text = words.join(" ");
  if (!isNumber(flags, 1) || words.length === 0) return false;
  if (tag === "issue" || tag === "issuewild") {
    const [name, ...pairs] = text.split(";");
    return isPlainDomain(name) && pairs.every((pair) => /^\s[A-Za-z0-9]+=[A-Za-z0-9]+/.test(pair));
  }
  if (tag !== "iodef") return false;
  if (/^mailto:[A-Za-z0-9_-]+(\+[A-Za-z0-9_-]+)?@.*/.test(text)) return isPlainDomain(text.split("@")[1]);
  return /^https?:\/\/.*\//.test(text) && isPlainDomain(text.split("/")[2]);
}

const isMx = ([priority, server = "", ...rest]: readonly string[]): boolean =>
  isPlainNumber(priority, U16_MAX) && server.endsWith(".") && rest.length === 0;

const isSrv = (parts: readonly string[]): boolean =>
  parts.length === 4 && areNumbers(parts.slice(0, 3), U16_MAX) && isDomain(parts[3]);

const isNaptr = ([
  order,
  preference,
  flags = "",
  service = "",
  regexp = "",
  name,
  ...rest
]: readonly string[]): boolean =>
  rest.length === 0 &&
  isNumber(order, U16_MAX) &&
  isNumber(preference, U16_MAX) &&
  NAPTR_FLAGS.test(flags) &&
  service.length <= STRING_LENGTH_MAX &&
  (regexp === "" || NAPTR_REGEXP.test(regexp)) &&
  isDomain(name);

const isSshfp = ([algorithm, type, print = "", ...rest]: readonly string[]): boolean =>
  isPlainNumber(algorithm, 4) && isPlainNumber(type, 2) && FINGERPRINT.test(print) && rest.length === 0;

const isCert = ([type = "", tag, algorithm = "", ...rest]: readonly string[]): boolean =>
  (CERT_TYPES.includes(type) || isNumber(type, U16_MAX)) &&
  isNumber(tag, U16_MAX) &&
  (CERT_ALGORITHMS.includes(algorithm) || isNumber(algorithm, U8_MAX)) &&
  /^[A-Za-z0-9+/]+={0,2}$/.test(rest.join(""));

const isSoa = ([server, mail, ...numbers]: readonly string[]): boolean =>
  isDomain(server) && isDomain(mail) && numbers.length === 5 && areNumbers(numbers, U32_MAX);

/** Whether a text is a record of the type; `parts` are its words. */
const IS_RECORD: Readonly<Record<string, (value: string, parts: readonly string[]) => boolean>> = {
  A: (value) => isIPv4(value),
  AAAA: (value) => isIPv6(value) && !value.includes("%"),
  CNAME: isDomain,
  NS: isDomain,
  PTR: isDomain,
  MX: (_value, parts) => isMx(parts),
  SRV: (_value, parts) => isSrv(parts),
  TXT: isTxt,
  SPF: isSpf,
  SSHFP: (_value, parts) => isSshfp(parts),
  NAPTR: (_value, parts) => isNaptr(parts),
  CAA: isCaa,
  CERT: (_value, parts) => isCert(parts),
  SOA: (_value, parts) => isSoa(parts),
};

/** A type of records that the service knows. @throws Refusal 400 */
export function recordType(value: unknown): string {
  if (typeof value === "string" && Object.hasOwn(IS_RECORD, value)) return value;
  const shown = value === undefined || value === null ? "None" : str(value);
  throw schemaViolation(["recordset", "type"], `'${shown}' is not a valid record type`, "value", [
    typeof value === "number" ? shown : (value ?? null),
  ]);
}

/** Records of the type. @throws Refusal 400 at the first that is not one */
export function parseRecords(type: string, records: readonly unknown[]): readonly string[] {
  return records.map((record, at) => {
    if (typeof record === "string" && own(IS_RECORD, type)?.(record, record.split(" ")) === true) return record;
    throw schemaViolation(["records", at], `'${str(record)}' is not a '${type}' Record`, "format", [type]);
  });
}

/** Services are named `_service._proto`. @throws Refusal 400 */
export function checkServiceName(type: string, name: string): void {
  if (type === "SRV" && !SERVICE_NAME.test(name)) throw invalidObject("name is invalid");
}
