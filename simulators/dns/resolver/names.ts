import type { DnsSettings } from "../behaviour/config.ts";
import { labelsOf } from "../wire/codec/names.ts";
import { TYPE } from "../wire/codec/types.ts";

/** What a name under the domain asks for; `undefined` for one that asks for nothing. */
export type NameQuestion =
  | { readonly kind: "node" | "query"; readonly name: string; readonly datacenter: string | undefined }
  | {
      readonly kind: "service";
      readonly name: string;
      /** Empty for any. */
      readonly tag: string;
      readonly isConnect: boolean;
      readonly datacenter: string | undefined;
    }
  | { readonly kind: "ingress"; readonly datacenter: string | undefined }
  | { readonly kind: "addr"; readonly hex: string /** The labels that precede the domain. */; readonly prefix: string };

const KEYWORDS = new Set(["service", "connect", "ingress", "node", "query", "addr"]);

/** The part of a lower-case name before the domain, with its final dot; `undefined` when it is under none of ours. */
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
export function parseName(prefix: string, type: number): NameQuestion | undefined {
  const labels = labelsOf(prefix);
  const at = labels.findLastIndex((label) => KEYWORDS.has(label) || (type === TYPE.SRV && label.startsWith("_")));
  const label = labels[at];
  if (label === undefined) return undefined;
  const suffixes = labels.slice(at + 1);
  return KEYWORDS.has(label)
    ? parseKeyword(label, labels.slice(0, at), suffixes, prefix)
    : parseKeyword("service", labels.slice(0, at + 1), suffixes, prefix);
}

function parseKeyword(
  keyword: string,
  parts: readonly string[],
  suffixes: readonly string[],
  prefix: string,
): NameQuestion | undefined {
  const [first] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (keyword === "addr") return parts.length === 1 ? { kind: "addr", hex: first, prefix } : undefined;
  if (suffixes.length > 1) return undefined;
  const datacenter = suffixes[0];
  switch (keyword) {
    case "node":
    case "query":
      return { kind: keyword, name: parts.join("."), datacenter };
    case "ingress":
      return { kind: "ingress", datacenter };
    case "connect":
      return { kind: "service", name: last, tag: "", isConnect: true, datacenter };
    default:
      return { kind: "service", ...parseService(first, last, parts), isConnect: false, datacenter };
  }
}

/** `_name._tag` (RFC 2782, where `_tcp` is no tag), or `tag.name` with dots in the tag. */
function parseService(
  first: string,
  last: string,
  parts: readonly string[],
): { readonly name: string; readonly tag: string } {
  if (parts.length === 2 && first.startsWith("_") && last.startsWith("_"))
    return { name: first.slice(1), tag: last === "_tcp" ? "" : last.slice(1) };
  return { name: last, tag: parts.slice(0, -1).join(".") };
}
