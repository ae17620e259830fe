import { isIP } from "node:net";
import type { Json, JsonObject } from "../client/http/json.ts";
import type { Service } from "../client/catalog.ts";
import { badFile, membersAt, objectAt, textAt } from "./fields.ts";
import { CREDENTIAL_PARTS, type CredentialMap } from "../data/credentials.ts";

/**
 * The part `data` of drydock.yml: how the data services behind the broker are reached.
 *
 *     data:
 *       dns: 127.64.0.10:8600        # resolves the host names of bindings; what it does not know, the system does
 *       source: 10.0.0.5             # local address of an application, which bindings admit
 *       stranger: 10.0.0.6           # local address that no binding admits
 *       tenant: 10.0.1.7             # local address of another tenant's VM; `instance` where this machine has those of all VMs
 *       ports: [3100]                # ports of an instance's VM that the platform keeps for itself: of agents …
 *       credentials:                 # where a login lies in credentials, by service name or id; "*" stands for any
 *         my-db: { client: postgresql, host: hosts.0, database: db_name }
 */
export interface DataSettings {
  readonly dns?: string;
  readonly source?: string;
  readonly outsider?: string;
  readonly tenant?: string;
  readonly ports?: readonly number[];
  readonly credentials: Readonly<Record<string, CredentialMap>>;
}

export const NO_DATA_SETTINGS: DataSettings = { credentials: {} };

function addressAt(object: JsonObject, name: string): string | undefined {
  const text = textAt(object, "data", name);
  if (text !== undefined && isIP(text) === 0) throw badFile(`"data.${name}" must be an IP address of this machine`);
  return text;
}

/** Stands for the address of the instance itself. */
export const OWN_ADDRESS = "instance";

const tenantAt = (object: JsonObject): string | undefined =>
  object["tenant"] === OWN_ADDRESS ? OWN_ADDRESS : addressAt(object, "tenant");

function portsAt(object: JsonObject): readonly number[] | undefined {
  const value = object["ports"];
  if (value === undefined || value === null) return undefined;
  const isPort = (each: Json): each is number => Number.isInteger(each) && Number(each) > 0 && Number(each) <= 65_535;
  if (!Array.isArray(value) || !value.every(isPort)) throw badFile(`"data.ports" must be a list of port numbers`);
  return value;
}

function serverAt(object: JsonObject): string | undefined {
  const text = textAt(object, "data", "dns");
  const [, host = "", port = "53"] = /^\[?([\da-f.:]+?)\]?(?::(\d{1,5}))?$/i.exec(text ?? "") ?? [];
  if (text !== undefined && (isIP(host) === 0 || Number(port) > 65_535))
    throw badFile(`"data.dns" must be an address of a DNS server, such as 127.0.0.1:8600`);
  return text;
}

function mapOf(value: Json, service: string): CredentialMap {
  const path = `data.credentials.${service}`;
  const members = membersAt(value, path, ["client", ...CREDENTIAL_PARTS]);
  const client = textAt(members, path, "client");
  if (client !== undefined && client !== "postgresql") throw badFile(`"${path}.client" must be postgresql`);
  const parts = CREDENTIAL_PARTS.map((part) => [part, textAt(members, path, part)] as const);
  return Object.fromEntries([["client", client], ...parts].filter(([, text]) => text !== undefined));
}

/** @throws TargetError bad-file */
export function parseDataSettings(value: Json | undefined): DataSettings {
  const members = membersAt(value, "data", ["dns", "source", "stranger", "tenant", "ports", "credentials"]);
  const [dns, source, stranger] = [serverAt(members), addressAt(members, "source"), addressAt(members, "stranger")];
  const [tenant, ports] = [tenantAt(members), portsAt(members)];
  const maps = Object.entries(objectAt(members["credentials"], "data.credentials"));
  return {
    ...(dns === undefined ? {} : { dns }),
    ...(source === undefined ? {} : { source }),
    ...(stranger === undefined ? {} : { outsider: stranger }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(ports === undefined ? {} : { ports }),
    credentials: Object.fromEntries(maps.map(([service, map]) => [service, mapOf(map, service)])),
  };
}

/** Where a login lies in the credentials of a service. */
export function credentialMapFor(settings: DataSettings, service: Service): CredentialMap {
  const found = [service.name, service.id, "*"].map((key) => settings.credentials[key]);
  return found.find((map) => map !== undefined) ?? {};
}
