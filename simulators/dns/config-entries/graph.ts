import { ChainCompiler } from "./chain.ts";
import { type Fields, severalErrors } from "./decode.ts";
import { type EntryLookup, protocolIn } from "./lookup.ts";
import { type ConfigEntries, type ConfigEntry, linkedServices, listIn } from "./store.ts";
import { refuseEntry, structIn, textIn } from "./fields.ts";

/** Checks that the entries still fit together once one is changed or gone. @throws EntryError */
export function checkGraph(
  entries: ConfigEntries,
  datacenter: string,
  kind: string,
  name: string,
  fields?: Fields,
): void {
  if (fields !== undefined) checkAlone(entries, kind, name, fields);
  const proposed = new Proposed(entries, kind, name, fields);
  for (const service of findAffected(entries, kind, name)) {
    const intentions = proposed.get("service-intentions", service);
    const hasL7 =
      intentions !== undefined &&
      listIn(intentions.fields, "Sources").some((source) => listIn(source, "Permissions").length > 0);
    const protocol = protocolIn(proposed, service);
    if (hasL7 && !["http", "http2", "grpc"].includes(protocol))
      refuseEntry(
        `service "${service}" has protocol "${protocol}", which is incompatible with L7 intentions permissions`,
      );
    new ChainCompiler(proposed, { service, datacenter, trustDomain: "" }).compile();
  }
}

const CLASHES: Readonly<Record<string, string>> = {
  "ingress-gateway": "terminating-gateway",
  "terminating-gateway": "ingress-gateway",
};

function checkAlone(entries: ConfigEntries, kind: string, name: string, fields: Fields): void {
  const other = CLASHES[kind];
  if (other !== undefined && entries.get(other, name) !== undefined)
    refuseEntry(
      `cannot create a "${kind}" config entry with name "${name}", a "${other}" config entry with that name already exists`,
    );
  if (textIn(fields, "MutualTLSMode") === "permissive") {
    const mesh = entries.get("mesh", "mesh")?.fields;
    if (mesh?.AllowEnablingPermissiveMutualTLS !== true)
      refuseEntry(
        "cannot set MutualTLSMode=permissive because AllowEnablingPermissiveMutualTLS=false in the mesh config entry",
      );
  }
  if (kind !== "service-intentions") return;
  const jwt = structIn(fields, "JWT");
  const missing = (jwt === undefined ? [] : listIn(jwt, "Providers"))
    .map((provider) => textIn(provider, "Name"))
    .filter((provider) => entries.get("jwt-provider", provider) === undefined);
  if (missing.length > 0)
    refuseEntry(severalErrors(missing.map((each) => `Referenced JWT Provider does not exist. Provider Name: ${each}`)));
}

const OF_CHAIN = ["service-defaults", "service-router", "service-splitter", "service-resolver", "service-intentions"];

/** The services whose chains a change may touch: its own, and those that lead to it. */
function findAffected(entries: ConfigEntries, kind: string, name: string): readonly string[] {
  const all = entries.list().filter((entry) => OF_CHAIN.includes(entry.kind));
  if (kind === "proxy-defaults") return [...new Set(all.map((entry) => entry.name))].filter((each) => each !== "*");
  if (!OF_CHAIN.includes(kind) || name === "*") return [];
  const found = new Set([name]);
  for (const grown of [0, 1, 2]) {
    void grown;
    for (const entry of all) if (leadsTo(entry).some((each) => found.has(each))) found.add(entry.name);
  }
  return [...found];
}

function leadsTo({ kind, fields }: ConfigEntry): readonly string[] {
  const services = (list: readonly Fields[]): readonly string[] => list.map((each) => textIn(each, "Service"));
  switch (kind) {
    case "service-router":
      return services(listIn(fields, "Routes").map((route) => structIn(route, "Destination") ?? {}));
    case "service-splitter":
      return services(listIn(fields, "Splits"));
    case "service-resolver":
      return services([structIn(fields, "Redirect") ?? {}]);
    default:
      return [];
  }
}

/** The services to whose names an entry leads beside its own. */
export const relatedServices = (kind: string, fields: Fields): readonly string[] => {
  const entry = { kind, name: "", fields, hash: 0, createIndex: 0, modifyIndex: 0 };
  return [
    ...leadsTo(entry),
    ...(kind === "terminating-gateway" ? linkedServices(entry).map(({ Name }) => String(Name)) : []),
  ].filter((each) => each !== "");
};

/** The entries as they would be after a change. */
class Proposed implements EntryLookup {
  readonly #entries: ConfigEntries;
  readonly #kind: string;
  readonly #name: string;
  readonly #fields: Fields | undefined;

  constructor(entries: ConfigEntries, kind: string, name: string, fields: Fields | undefined) {
    this.#entries = entries;
    this.#kind = kind;
    this.#name = name;
    this.#fields = fields;
  }

  get(kind: string, name: string): ConfigEntry | undefined {
    if (kind !== this.#kind || name.toLowerCase() !== this.#name.toLowerCase()) return this.#entries.get(kind, name);
    return this.#fields && { kind, name, fields: this.#fields, hash: 0, createIndex: 0, modifyIndex: 0 };
  }
}
