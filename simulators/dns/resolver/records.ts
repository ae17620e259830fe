import { addressBytes } from "../wire/codec/address.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";
import type { NodeRow } from "../state/rows.ts";

const FOR_IPV4: ReadonlySet<number> = new Set([TYPE.A, TYPE.SRV, TYPE.ANY, TYPE.NS, TYPE.TXT]);
const FOR_IPV6: ReadonlySet<number> = new Set([TYPE.AAAA, TYPE.SRV, TYPE.ANY, TYPE.NS, TYPE.TXT]);

/** The address record that answers a question of this type, if one does. */
export function addressRecord(
  name: string,
  bytes: readonly number[],
  address: string,
  type: number,
  ttl: number,
): Rr | undefined {
  if (bytes.length === 4) return FOR_IPV4.has(type) ? { type: TYPE.A, name, ttl, address } : undefined;
  return FOR_IPV6.has(type) ? { type: TYPE.AAAA, name, ttl, address } : undefined;
}

/** Address records of a node that is an address; `undefined` when it is a host name. */
export function literalRecords(name: string, address: string, type: number, ttl: number): readonly Rr[] | undefined {
  const bytes = addressBytes(address);
  if (bytes === undefined) return undefined;
  const record = addressRecord(name, bytes, address, type, ttl);
  return record === undefined ? [] : [record];
}

/** A node's metadata as TXT (RFC 1464); keys that begin with `rfc1035-` give their bare value. */
export function metaRecords(name: string, { meta }: NodeRow, ttl: number): Rr[] {
  if (meta === null) return [];
  return Object.entries(meta).map(([key, value]) => ({
    type: TYPE.TXT,
    name,
    ttl,
    texts: [key.toLowerCase().startsWith("rfc1035-") ? value : pair(key, value)],
  }));
}

/** Spaces at the end, each behind a backquote. */
function quoteBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end--;
  return text.slice(0, end) + "` ".repeat(text.length - end);
}

/** `key=value` with `=`, backquotes and outer spaces of the key quoted by a backquote. */
function pair(key: string, value: string): string {
  const quoted = quoteBlanks(
    key
      .replaceAll("`", "``")
      .replaceAll("=", "`=")
      .replace(/^ +/, (spaces) => "` ".repeat(spaces.length)),
  );
  return `${quoted}=${value.replaceAll("`", "``")}`;
}
