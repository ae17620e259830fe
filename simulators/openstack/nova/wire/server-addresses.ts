import type { PortView } from "../../cloud.ts";
import type { Server } from "../state/server.ts";
import type { NovaCall } from "./request.ts";

/** The ports of a server, in order. */
export const portsOf = (call: NovaCall, server: Server): PortView[] =>
  server.nics.flatMap(({ portId }) => call.nova.cloud.ports.port(portId) ?? []);

/** Addresses by network; `isExtended` adds type and MAC. */
export function addressesOf(call: NovaCall, server: Server, isExtended: boolean): Record<string, object[]> {
  const addresses: Record<string, object[]> = {};
  for (const port of portsOf(call, server)) {
    const list = (addresses[port.networkName] ??= []);
    const add = (addr: string, version: number, type: string): void => {
      const extended = { "OS-EXT-IPS:type": type, "OS-EXT-IPS-MAC:mac_addr": port.mac };
      list.push({ version, addr, ...(isExtended && extended) });
    };
    for (const { ip, version } of port.fixedIps) {
      add(ip, version, "fixed");
      for (const floating of port.floatingIps) if (floating.fixedIp === ip) add(floating.ip, 4, "floating");
    }
  }
  return addresses;
}
