import { labelsOf } from "../wire/codec/names.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";

/** The records of one type at one name; they share their TTL (RFC 2181 §5.2). */
export interface RecordSet {
  /** With its final dot. */
  readonly name: string;
  /** The number of the type. */
  readonly type: number;
  readonly records: readonly Rr[];
}

/** A zone as its name server has it, with exactly one SOA, at its apex. */
export interface Zone {
  /** The apex, in lower case, with its final dot. */
  readonly name: string;
  readonly serial: number;
  /** Seconds. */
  readonly soaTtl: number;
  /** Recordsets by name in lower case, then by type. */
  readonly names: ReadonlyMap<string, ReadonlyMap<number, RecordSet>>;
  /** Names that have no records but have names below them (RFC 4592 §2.2.2). */
  readonly emptyNames: ReadonlySet<string>;
}

/** The name above; the root for a single label. Both have their final dot. */
function parentOf(name: string): string {
  const labels = labelsOf(name).slice(1);
  return labels.length === 0 ? "." : `${labels.join(".")}.`;
}

/** Whether a name is the zone or below it. Both are in lower case. */
const isWithin = (name: string, zone: string): boolean => name === zone || zone === "." || name.endsWith(`.${zone}`);

/** Makes a zone of recordsets. @throws Error for a zone without an SOA at its apex */
export function createZone(apex: string, sets: readonly RecordSet[]): Zone {
  const name = apex.toLowerCase();
  const names = new Map<string, Map<number, RecordSet>>();
  for (const set of sets) {
    const key = set.name.toLowerCase();
    const at = names.get(key);
    if (at === undefined) names.set(key, new Map([[set.type, set]]));
    else at.set(set.type, set);
  }
  const [soa] = names.get(name)?.get(TYPE.SOA)?.records ?? [];
  if (soa?.type !== TYPE.SOA) throw new Error(`zone ${apex} has no SOA`);
  const emptyNames = new Set<string>();
  for (const key of names.keys())
    for (let above = parentOf(key); isWithin(above, name) && above !== name; above = parentOf(above))
      if (!names.has(above)) emptyNames.add(above);
  return { name, serial: soa.data.serial, soaTtl: soa.ttl, names, emptyNames };
}

/** The zone closest above a name in lower case, of these by their apex. */
export function zoneOf(zones: ReadonlyMap<string, Zone>, name: string): Zone | undefined {
  for (let at = name; ; at = parentOf(at)) {
    const zone = zones.get(at);
    if (zone !== undefined || at === ".") return zone;
  }
}

/** A zone's records for a name. */
type Found =
  | { readonly kind: "name"; readonly sets: ReadonlyMap<number, RecordSet> }
  /** The name or one above it is delegated to these name servers. */
  | { readonly kind: "delegation"; readonly servers: RecordSet }
  | { readonly kind: "wildcard"; readonly sets: ReadonlyMap<number, RecordSet> }
  | { readonly kind: "nothing"; readonly exists: boolean };

/** Looks up a lower-case name that lies within the zone (RFC 1034 §4.3.2, RFC 4592). */
export function find(zone: Zone, name: string, type: number): Found {
  const cut = delegationOf(zone, name);
  // The parent answers for the signatures of a delegation.
  if (cut !== undefined && !(type === TYPE.DS && cut.name.toLowerCase() === name))
    return { kind: "delegation", servers: cut };
  const sets = zone.names.get(name);
  if (sets !== undefined) return { kind: "name", sets };
  if (zone.emptyNames.has(name)) return { kind: "nothing", exists: true };
  let encloser = parentOf(name);
  while (!zone.names.has(encloser) && !zone.emptyNames.has(encloser) && encloser !== zone.name)
    encloser = parentOf(encloser);
  const star = zone.names.get(`*.${encloser}`);
  if (star !== undefined) return { kind: "wildcard", sets: star };
  return { kind: "nothing", exists: false };
}

/** The highest delegation at or above a name. */
function delegationOf(zone: Zone, name: string): RecordSet | undefined {
  let found: RecordSet | undefined;
  for (let at = name; at !== zone.name && at !== "."; at = parentOf(at))
    found = zone.names.get(at)?.get(TYPE.NS) ?? found;
  return found;
}
