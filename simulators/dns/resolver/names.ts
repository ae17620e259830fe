import type { DnsSettings } from "./settings.ts";
import { labelsOf } from "../wire/codec/names.ts";
import { TYPE } from "../wire/codec/types.ts";

/** Where a name looks: labels behind its keyword. */
interface Locality {
  readonly datacenter: string | undefined;
  /** A peered cluster, by the label `peer`. */
  readonly peer?: string | undefined;
  /** The name of a port, by the label `port`. */
  readonly port?: string | undefined;
}

/** The query in a name under the domain; `undefined` for a name without one. */
export type NameQuestion =
  | ({ readonly kind: "node"; readonly name: string } & Locality)
  | { readonly kind: "query"; readonly name: string; readonly datacenter: string | undefined }
  | ({
      readonly kind: "virtual";
      readonly name: string /** The labels that precede the domain. */;
      readonly prefix: string;
    } & Locality)
  | ({
      readonly kind: "service";
      readonly name: string;
      /** Empty for any. */
      readonly tag: string;
      readonly isConnect: boolean;
    } & Locality)
  | ({ readonly kind: "ingress"; readonly name: string } & Locality)
  | { readonly kind: "addr"; readonly hex: string /** The labels that precede the domain. */; readonly prefix: string };

const KEYWORDS = new Set(["service", "connect", "ingress", "node", "query", "addr"]);
const KEYWORDS_TODAY = new Set([...KEYWORDS, "virtual"]);

/** The part of a lower-case name before the domain, with its final dot; `undefined` if it is under none of ours. */
export function prefixOf(name: string, { domain, altDomain }: DnsSettings): string | undefined {
  const longer = altDomain !== undefined && altDomain.length > domain.length ? altDomain : domain;
  const shorter = longer === domain ? altDomain : domain;
  return cutDomain(name, longer) ?? (shorter === undefined ? undefined : cutDomain(name, shorter));
}

function cutDomain(name: string, domain: string): string | undefined {
  if (!name.endsWith(domain)) return undefined;
  if (name.length === domain.length) return "";
  return name.charCodeAt(name.length - domain.length - 1) === 0x2e ? name.slice(0, -domain.length) : undefined;
}

/** Reads a prefix from the right: the first keyword decides; for SRV, so does a label that begins with `_`. */
export function parseName(prefix: string, type: number, isToday: boolean): NameQuestion | undefined {
  const labels = labelsOf(prefix);
  const keywords = isToday ? KEYWORDS_TODAY : KEYWORDS;
  const at = labels.findLastIndex((label) => keywords.has(label) || (type === TYPE.SRV && label.startsWith("_")));
  const label = labels[at];
  if (label === undefined) return undefined;
  const suffixes = labels.slice(at + 1);
  return keywords.has(label)
    ? parseKeyword(label, labels.slice(0, at), suffixes, prefix, isToday)
    : parseKeyword("service", labels.slice(0, at + 1), suffixes, prefix, isToday);
}

function parseKeyword(
  keyword: string,
  parts: readonly string[],
  suffixes: readonly string[],
  prefix: string,
  isToday: boolean,
): NameQuestion | undefined {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (keyword === "addr") return parts.length === 1 ? { kind: "addr", hex: first, prefix } : undefined;
  const locality = parseLocality(suffixes, isToday && keyword !== "query");
  if (locality === undefined) return undefined;
  switch (keyword) {
    case "node":
      return { kind: "node", name: parts.join("."), ...locality };
    case "query":
      return { kind: "query", name: queryName(parts, isToday), datacenter: locality.datacenter };
    case "ingress":
      return { kind: "ingress", name: last, ...locality };
    case "virtual":
      return { kind: "virtual", name: last, prefix, ...locality };
    case "connect":
      return { kind: "service", name: last, tag: "", isConnect: true, datacenter: locality.datacenter };
    default:
      return { kind: "service", ...parseService(first, last, parts), isConnect: false, ...locality };
  }
}

/** The labels behind a keyword: a datacenter; today also pairs such as `dc1.dc`, `west.peer`, `metrics.port`. */
function parseLocality(labels: readonly string[], takesPairs: boolean): Locality | undefined {
  if (labels.length < 2) return { datacenter: labels[0] };
  if (!takesPairs || labels.length % 2 === 1 || labels.length > PAIR_LABELS_MAX) return undefined;
  const found: Record<"dc" | "peer" | "port", string | undefined> = { dc: undefined, peer: undefined, port: undefined };
  for (let at = 0; at < labels.length; at += 2) {
    const kind = labels[at + 1];
    if (kind !== "dc" && kind !== "peer" && kind !== "port") return undefined;
    found[kind] = labels[at];
  }
  if (found.dc !== undefined && found.peer !== undefined) return undefined;
  return { datacenter: found.dc, peer: found.peer, port: found.port };
}

/** Three pairs at most. */
const PAIR_LABELS_MAX = 6;

/** The labels of a query's name; today `_name._tcp` names one too (RFC 2782). */
function queryName(parts: readonly string[], isToday: boolean): string {
  const isRfc2782 = isToday && parts.length > 1 && parts[0]?.startsWith("_") && parts.at(-1)?.startsWith("_");
  return isRfc2782 ? parts.slice(0, -1).join(".").slice(1) : parts.join(".");
}

/** `_name._tag` (RFC 2782, where `_tcp` is not a tag), or `tag.name` with dots in the tag. */
function parseService(
  first: string,
  last: string,
  parts: readonly string[],
): { readonly name: string; readonly tag: string } {
  if (parts.length === 2 && first.startsWith("_") && last.startsWith("_"))
    return { name: first.slice(1), tag: last === "_tcp" ? "" : last.slice(1) };
  return { name: last, tag: parts.slice(0, -1).join(".") };
}
