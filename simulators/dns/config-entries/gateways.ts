import type { Fields } from "./decode.ts";
import { type ConfigEntries, listIn } from "./store.ts";
import { textIn, textsIn } from "./fields.ts";

/** A service behind a gateway, in Consul's own shape. */
interface GatewayService {
  readonly Gateway: { readonly Name: string };
  readonly Service: { readonly Name: string };
  readonly [member: string]: unknown;
}

const pickGiven = (fields: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(names.filter((name) => textIn(fields, name) !== "").map((name) => [name, fields[name]]));

/** The services that a gateway's entry leads to. */
export function gatewayServices(
  entries: ConfigEntries,
  gateway: string,
  isKnown: (service: string) => boolean,
): readonly GatewayService[] {
  const terminating = entries.get("terminating-gateway", gateway);
  const ingress = entries.get("ingress-gateway", gateway);
  const entry = terminating ?? ingress;
  if (entry === undefined) return [];
  const base = (service: Fields, more: Fields): GatewayService => ({
    Gateway: { Name: entry.name },
    Service: { Name: textIn(service, "Name") },
    GatewayKind: entry.kind,
    ...more,
    ...(terminating !== undefined && isKnown(textIn(service, "Name")) && { ServiceKind: "service" }),
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
    ...(terminating !== undefined && service.DisableAutoHostRewrite !== true && { AutoHostRewrite: true }),
  });
  if (terminating !== undefined)
    return listIn(entry.fields, "Services").map((service) =>
      base(service, pickGiven(service, ["CAFile", "CertFile", "KeyFile", "SNI"])),
    );
  return listIn(entry.fields, "Listeners").flatMap((listener) =>
    listIn(listener, "Services").map((service) =>
      base(service, {
        Port: listener.Port,
        Protocol: listener.Protocol,
        ...(textsIn(service, "Hosts").length > 0 && { Hosts: service.Hosts }),
      }),
    ),
  );
}
