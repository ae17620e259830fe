import { isIPv4, isIPv6 } from "node:net";
import { bodyText, own } from "../../../kernel/index.ts";
import { repr } from "../../common/python.ts";
import type { Context } from "../../common/service.ts";
import { bad, broken, invalid, invalidValue } from "../state.ts";

const NAME = /^(?!.{255,})(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)+$/;
const HOST = /^(?!.{255,})(?:(?:^\*|(?!-)[A-Za-z0-9_-]{1,63})(?<!-)\.)+$/;
const SRV = /^(?:\*\.)?(?:_[A-Za-z0-9_-]{1,62}\.){2}/;
const TTL_MAX = 2_147_483_647;

/** The body as an object with no keys but `known`. */
export function bodyOf(context: Context, kind: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = JSON.parse(bodyText(context.request));
  } catch {
    throw bad("invalid_json", pythonSays(bodyText(context.request)));
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalid(`Provided object does not match schema. ${repr(body)} is not a ${kind}`);
  const unknown = Object.keys(body).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    throw invalid(`Provided object does not match schema. Keys ${repr(unknown)} are not valid for ${kind}`);
  return body as Readonly<Record<string, unknown>>;
}

/** Python's words for the mistakes that clients make. */
function pythonSays(text: string): string {
  if (/^\s*\{\s*(?!["\s}])/.test(`${text} `) || text.trim() === "{") {
    const at = text.indexOf("{") + 1;
    return `Expecting property name enclosed in double quotes: line 1 column ${at + 1} (char ${at})`;
  }
  return "Expecting value: line 1 column 1 (char 0)";
}

export function domain(value: unknown): string {
  const name = String(value);
  if (!name.endsWith(".")) throw invalidValue(`Domain ${name} does not end with a dot`);
  if (!NAME.test(name)) throw invalidValue(`Domain ${name} is invalid`);
  return name;
}

export function host(value: unknown): string {
  const name = String(value);
  if (!name.endsWith(".")) throw invalidValue(`Host name ${name} does not end with a dot`);
  if (!HOST.test(name)) throw invalidValue(`Host name ${name} is invalid`);
  return name;
}

export function email(value: unknown): string {
  const text = String(value);
  if (!/^[^@\s]+@[A-Za-z0-9._-]+$/.test(text) || text.length > 255) throw invalidValue(`${text} is not an email`);
  return text;
}

export function integer(value: unknown): number {
  const text = typeof value === "boolean" ? String(Number(value)) : String(value).trim();
  if (!/^[+-]?\d+$/.test(text)) throw invalidValue(`invalid literal for int() with base 10: ${repr(String(value))}`);
  return Number(text);
}

export function ttl(value: unknown): number | null {
  if (value === null) return null;
  const seconds = integer(value);
  if (seconds < 0) throw invalidValue("Value must be >= 0 for field ttl");
  if (seconds > TTL_MAX) throw invalidValue(`Value must be <= ${TTL_MAX} for field ttl`);
  return seconds;
}

const DESCRIPTION_LENGTH_MAX = 160;

export function description(value: unknown): string | null {
  if (value === null) return null;
  const text = String(value);
  if (text.length > DESCRIPTION_LENGTH_MAX) throw invalidValue("Value is too long for field description");
  return text;
}

const number = (text: string | undefined, max: number): boolean => /^\d+$/.test(text ?? "") && Number(text) <= max;
const isName = (text: string | undefined): boolean => text !== undefined && NAME.test(text);

function isText(value: string): boolean {
  const inner = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  // Several quoted strings in a row are one record.
  return inner.split('" "').every((part) => part.length <= 255 && !/(^|[^\\])"/.test(part));
}

function isCaa(value: string): boolean {
  const [, flags, tag, text = ""] = /^(\d+) (\S+) (.+)$/.exec(value) ?? [];
  if (!number(flags, 255)) return false;
  const plain = text.replace(/^"(.*)"$/, "$1");
  if (tag === "iodef") return /^(mailto:|https?:\/\/)/.test(plain);
  return (tag === "issue" || tag === "issuewild") && (plain.startsWith(";") || /^[A-Za-z0-9.-]+(;.*)?$/.test(plain));
}

const CERT_TYPES = /^(PKIX|SPKI|PGP|IPKIX|ISPKI|IPGP|ACPKIX|IACPKIX|URI|OID|\d{1,5})$/;

function isSoa(parts: readonly string[]): boolean {
  const [server, mail, ...numbers] = parts;
  return isName(server) && isName(mail) && numbers.length === 5 && numbers.every((each) => number(each, 2 ** 32));
}

/** What a record of each type looks like. */
const FORMATS: Readonly<Record<string, (value: string, parts: readonly string[]) => boolean>> = {
  A: (value) => isIPv4(value),
  AAAA: (value) => isIPv6(value) && !value.includes("%"),
  CNAME: isName,
  NS: isName,
  PTR: isName,
  MX: (_value, parts) => parts.length === 2 && number(parts[0], 65_535) && (isName(parts[1]) || parts[1] === "."),
  SRV: (_value, parts) =>
    parts.length === 4 &&
    parts.slice(0, 3).every((each) => number(each, 65_535)) &&
    (isName(parts[3]) || parts[3] === "."),
  TXT: isText,
  SPF: isText,
  SSHFP: (_value, [algorithm, type, print, ...rest]) =>
    /^[1-4]$/.test(algorithm ?? "") &&
    /^[12]$/.test(type ?? "") &&
    new RegExp(`^[0-9a-fA-F]{${type === "1" ? 40 : 64}}$`).test(print ?? "") &&
    rest.length === 0,
  NAPTR: (_value, parts) =>
    parts.length === 6 && parts.slice(0, 2).every((each) => number(each, 65_535)) && /^\S+$/.test(parts[5] ?? ""),
  CAA: isCaa,
  CERT: (_value, [type, tag, algorithm, ...rest]) =>
    CERT_TYPES.test(type ?? "") &&
    number(tag, 65_535) &&
    number(algorithm, 255) &&
    /^[A-Za-z0-9+/ ]+={0,2}$/.test(rest.join("")),
  SOA: (_value, parts) => isSoa(parts),
};

export function recordType(value: unknown): string {
  if (typeof value === "string" && Object.hasOwn(FORMATS, value)) return value;
  const shown = value === undefined || value === null ? "None" : String(value);
  throw broken(["recordset", "type"], `'${shown}' is not a valid record type`, "value", [value ?? null]);
}

export function checkRecords(type: string, records: readonly unknown[]): readonly string[] {
  return records.map((record, at) => {
    const value = String(record);
    if (typeof record === "string" && own(FORMATS, type)?.(value, value.split(/\s+/)) === true) return value;
    throw broken(["records", at], `'${value}' is not a '${type}' Record`, "format", [type]);
  });
}

/** Services are named `_service._proto`. */
export function checkServiceName(type: string, name: string): void {
  if (type === "SRV" && !SRV.test(name)) throw invalid("name is invalid");
}
