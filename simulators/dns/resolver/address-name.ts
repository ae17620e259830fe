import type { DnsSettings } from "./settings.ts";
import { addressText } from "../wire/codec/address.ts";
import { type Rr, TYPE } from "../wire/codec/types.ts";
import type { NameQuestion } from "./names.ts";

/**
 * The record of an address written as a name, such as `0a000001.addr.consul`: no catalog is asked. Undefined if the name has another number of
 * digits than an address, `invalid` if they are not hexadecimal.
 */
export function addressNameRecord(
  { hex, prefix }: Extract<NameQuestion, { kind: "addr" }>,
  { nodeTtlS: ttl }: DnsSettings,
  domain: string,
): (Rr & { readonly type: 1 | 28 }) | "invalid" | undefined {
  const length = Math.trunc(hex.length / 2);
  if (length !== 4 && length !== 16) return undefined;
  if (!/^(?:[0-9a-f]{2})+$/.test(hex)) return "invalid";
  const address = addressText([...Buffer.from(hex, "hex")]);
  return { type: length === 4 ? TYPE.A : TYPE.AAAA, name: prefix + domain, ttl, address };
}
