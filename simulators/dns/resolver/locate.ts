import type { NodeRow, ServiceRow } from "../state/rows.ts";
import { TYPE } from "../wire/codec/types.ts";

/** An address with those that are tagged for a family; empty for none. */
interface Candidates {
  readonly fallback: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** The address that suits a type of question: that of its family, else any (Consul, `translateAddressAccept`). */
function suiting({ fallback, ipv4, ipv6 }: Candidates, type: number): string {
  if (type !== TYPE.A && ipv6 !== "") return ipv6;
  return type !== TYPE.AAAA && ipv4 !== "" ? ipv4 : fallback;
}

/** The address of a node for a type of question. */
export function nodeAddressFor({ address, taggedAddresses: tagged }: NodeRow, type: number, usesWan: boolean): string {
  if (tagged === null) return address;
  const { lan_ipv4: ipv4 = "", lan_ipv6: ipv6 = "" } = tagged;
  if (!usesWan) return ipv4 === "" && ipv6 === "" ? address : suiting({ fallback: address, ipv4, ipv6 }, type);
  return suiting(
    { fallback: tagged.wan ?? address, ipv4: tagged.wan_ipv4 ?? ipv4, ipv6: tagged.wan_ipv6 ?? ipv6 },
    type,
  );
}

/** The address of a service for a type of question; empty if it has none of its own. */
export function serviceAddressFor(
  { address, taggedAddresses: tagged }: ServiceRow,
  type: number,
  usesWan: boolean,
): string {
  if (tagged === null) return address;
  const [ipv4, ipv6] = [tagged.lan_ipv4?.Address ?? "", tagged.lan_ipv6?.Address ?? ""];
  if (!usesWan) return ipv4 === "" && ipv6 === "" ? address : suiting({ fallback: address, ipv4, ipv6 }, type);
  return suiting(
    {
      fallback: tagged.wan?.Address ?? address,
      ipv4: tagged.wan_ipv4?.Address ?? ipv4,
      ipv6: tagged.wan_ipv6?.Address ?? ipv6,
    },
    type,
  );
}
