import type { Address, DataPlane } from "../data/plane.ts";
import { resolverAt, socketPlane } from "../data/sockets.ts";
import type { DataSettings } from "../settings/file.ts";

/** The way to the data services over sockets, from the places that drydock.yml names. */
export function dataPlaneFor({ dns, ports, source, outsider, tenant, exec, management = [] }: DataSettings): DataPlane {
  return socketPlane({
    management: management.map(addressOf),
    ...(dns === undefined ? {} : { dns, resolve: resolverAt(dns) }),
    ...(exec === undefined ? {} : { exec }),
    ...(ports === undefined ? {} : { platformPorts: ports }),
    ...(source === undefined ? {} : { source }),
    ...(outsider === undefined ? {} : { outsider }),
    ...(tenant === undefined ? {} : { tenant }),
  });
}

function addressOf(text: string): Address {
  const at = text.lastIndexOf(":");
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}
