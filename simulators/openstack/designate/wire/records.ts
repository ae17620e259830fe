import { isIPv4, isIPv6 } from "node:net";
import { own } from "../../../kernel/index.ts";
import { invalidObject, schemaViolation } from "./errors.ts";
import { isDomain } from "./fields.ts";

/*
 * Records by type: what their text must look like.
 */

const U8_MAX = 255;
const U16_MAX = 65_535;
const U32_MAX = 4_294_967_296;
const STRING_LENGTH_MAX = 255;

const SERVICE_NAME = /^(?:\*\.)?(?:_[A-Za-z0-9_-]{1,62}\.){2}/;
const CERT_TYPE = /^(PKIX|SPKI|PGP|IPKIX|ISPKI|IPGP|ACPKIX|IACPKIX|URI|OID|\d{1,5})$/;
/** Digits of a fingerprint, by its type. */
const FINGERPRINT_DIGITS: Readonly<Record<string, number>> = { "1": 40, "2": 64 };

const isNumber = (text: string | undefined, max: number): boolean => /^\d+$/.test(text ?? "") && Number(text) <= max;
const areNumbers = (texts: readonly string[], max: number): boolean => texts.every((text) => isNumber(text, max));
const isDomainOrRoot = (text: string | undefined): boolean => isDomain(text) || text === ".";

function isText(value: string): boolean {
  const inner = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  // Several quoted strings in a row are one record.
  return inner.split('" "').every((part) => part.length <= STRING_LENGTH_MAX && !/(^|[^\\])"/.test(part));
}

function isCaa(value: string): boolean {
  const [, flags, tag, text = ""] = /^(\d+) (\S+) (.+)$/.exec(value) ?? [];
  if (!isNumber(flags, U8_MAX)) return false;
  const plain = text.replace(/^"(.*)"$/, "$1");
  if (tag === "iodef") return /^(mailto:|https?:\/\/)/.test(plain);
  return (tag === "issue" || tag === "issuewild") && (plain.startsWith(";") || /^[A-Za-z0-9.-]+(;.*)?$/.test(plain));
}

const isMx = ([priority, server, ...rest]: readonly string[]): boolean =>
  isNumber(priority, U16_MAX) && isDomainOrRoot(server) && rest.length === 0;

const isSrv = (parts: readonly string[]): boolean =>
  parts.length === 4 && areNumbers(parts.slice(0, 3), U16_MAX) && isDomainOrRoot(parts[3]);

const isNaptr = (parts: readonly string[]): boolean =>
  parts.length === 6 && areNumbers(parts.slice(0, 2), U16_MAX) && /^\S+$/.test(parts[5] ?? "");

function isSshfp([algorithm = "", type = "", print = "", ...rest]: readonly string[]): boolean {
  const isFingerprint = /^[0-9a-fA-F]+$/.test(print) && print.length === own(FINGERPRINT_DIGITS, type);
  return /^[1-4]$/.test(algorithm) && isFingerprint && rest.length === 0;
}

const isCert = ([type = "", tag, algorithm, ...rest]: readonly string[]): boolean =>
  CERT_TYPE.test(type) &&
  isNumber(tag, U16_MAX) &&
  isNumber(algorithm, U8_MAX) &&
  /^[A-Za-z0-9+/ ]+={0,2}$/.test(rest.join(""));

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
  TXT: isText,
  SPF: isText,
  SSHFP: (_value, parts) => isSshfp(parts),
  NAPTR: (_value, parts) => isNaptr(parts),
  CAA: isCaa,
  CERT: (_value, parts) => isCert(parts),
  SOA: (_value, parts) => isSoa(parts),
};

/** A type of records that the service knows. @throws Refusal 400 */
export function recordType(value: unknown): string {
  if (typeof value === "string" && Object.hasOwn(IS_RECORD, value)) return value;
  const shown = value === undefined || value === null ? "None" : String(value);
  throw schemaViolation(["recordset", "type"], `'${shown}' is not a valid record type`, "value", [value ?? null]);
}

/** Records of the type. @throws Refusal 400 at the first that is not one */
export function parseRecords(type: string, records: readonly unknown[]): readonly string[] {
  return records.map((record, at) => {
    if (typeof record === "string" && own(IS_RECORD, type)?.(record, record.split(/\s+/)) === true) return record;
    throw schemaViolation(["records", at], `'${String(record)}' is not a '${type}' Record`, "format", [type]);
  });
}

/** Services are named `_service._proto`. @throws Refusal 400 */
export function checkServiceName(type: string, name: string): void {
  if (type === "SRV" && !SERVICE_NAME.test(name)) throw invalidObject("name is invalid");
}
