import { parseIp } from "../configs/ip-ranges.ts";
import type { Instance } from "../state/deployments.ts";

/** The addresses of an instance in ascending order, as the API shows them (`ips` in bosh-director's models/vm.rb). */
export function shownIps({ ips }: Pick<Instance, "ips">): readonly string[] {
  const valueOf = (ip: string): bigint => (ip === "" ? 0n : parseIp(ip).first);
  const own = [...new Set(ips.map(({ ip }) => ip))];
  return own.toSorted((a, b) => Number(valueOf(a) - valueOf(b)));
}
