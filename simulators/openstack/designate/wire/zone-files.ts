/*
 * Zone files (RFC 1035, section 5), as far as a zone of one server needs them.
 */

/** The records of one type at one name. */
interface ParsedRecordset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number | null;
  readonly records: string[];
}

/** The contents of a zone file. */
interface ParsedZone {
  readonly name: string;
  readonly email: string;
  readonly ttl: number;
  /** All but its SOA. */
  readonly recordsets: readonly ParsedRecordset[];
}

/** Removes comments and joins what is in parentheses, so that each entry is one line. */
function entriesOf(text: string): readonly string[] {
  const entries: string[] = [];
  let open = "";
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/("[^"]*")|;.*$/g, (_whole, quoted: string | undefined) => quoted ?? "");
    const joined = open === "" ? line : `${open} ${line.trim()}`;
    if ((joined.match(/\(/g)?.length ?? 0) > (joined.match(/\)/g)?.length ?? 0)) {
      open = joined;
      continue;
    }
    open = "";
    if (joined.trim() !== "") entries.push(joined.replaceAll(/[()]/g, " "));
  }
  return entries;
}

const words = (text: string): readonly string[] => text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];

const absolute = (name: string, origin: string): string =>
  name === "@" ? origin : name.endsWith(".") ? name : `${name}.${origin}`;

/** Types whose data ends with a name. */
const NAMED = new Set(["CNAME", "NS", "MX", "PTR", "SRV"]);

interface Reading {
  origin: string;
  ttl: number;
  owner: string;
}

interface Line {
  readonly name: string;
  readonly ttl: number | null;
  readonly type: string;
  readonly data: string;
}

const TYPE = /^[A-Z][A-Z0-9]*$/;

function readLine(entry: string, reading: Reading): Line | undefined {
  const parts = [...words(entry)];
  if (!/^\s/.test(entry)) reading.owner = absolute(parts.shift() ?? "@", reading.origin);
  let ttl: number | null = null;
  for (let [next] = parts; next !== undefined && (/^\d+$/.test(next) || next.toUpperCase() === "IN"); [next] = parts) {
    if (/^\d+$/.test(next)) ttl = Number(next);
    parts.shift();
  }
  const type = (parts.shift() ?? "").toUpperCase();
  const last = parts.at(-1);
  if (!TYPE.test(type) || last === undefined) return undefined;
  if (NAMED.has(type)) parts[parts.length - 1] = absolute(last, reading.origin);
  return { name: reading.owner.toLowerCase(), ttl, type, data: parts.join(" ") };
}

/** `hostmaster.example.org.` is `hostmaster@example.org`. */
const emailOf = (rname: string): string =>
  rname
    .replace(/\.$/, "")
    .replace(/(?<!\\)\./, "@")
    .replaceAll("\\.", ".");

/** The contents of a zone file; `undefined` if it is malformed or has no SOA. */
export function parseZoneFile(text: string): ParsedZone | undefined {
  const reading: Reading = { origin: ".", ttl: 3600, owner: "." };
  const sets = new Map<string, ParsedRecordset>();
  let soa: Line | undefined;
  for (const entry of entriesOf(text)) {
    const [directive = "", value = ""] = words(entry);
    if (directive === "$ORIGIN") reading.origin = value;
    else if (directive === "$TTL") reading.ttl = Number(value);
    else if (directive.startsWith("$")) return undefined;
    else {
      const line = readLine(entry, reading);
      if (line === undefined) return undefined;
      if (line.type === "SOA") soa = line;
      else {
        const key = `${line.name} ${line.type}`;
        const set = sets.get(key) ?? { name: line.name, type: line.type, ttl: line.ttl, records: [] };
        set.records.push(line.data);
        sets.set(key, set);
      }
    }
  }
  const rname = words(soa?.data ?? "")[1];
  if (soa === undefined || rname === undefined || Number.isNaN(reading.ttl)) return undefined;
  return { name: soa.name, email: emailOf(rname), ttl: reading.ttl, recordsets: [...sets.values()] };
}
