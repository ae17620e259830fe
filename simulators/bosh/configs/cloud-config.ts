import { formatIpv4, parseIpv4 } from "../../kernel/index.ts";
import type { Cpi } from "../cpi/cpi.ts";
import type { VmChoice } from "../deploy/manifest.ts";
import { readYaml } from "../templates/yaml.ts";
import { asFields, type Fields, requireHashes, optionalField, requireField } from "./fields.ts";

/** A cloud config (bosh.io/docs/cloud-config), parsed; several are merged list by list. */
export interface CloudConfig {
  readonly azs: ReadonlyMap<string, Fields>;
  readonly vmTypes: ReadonlyMap<string, Fields>;
  readonly vmExtensions: ReadonlyMap<string, Fields>;
  readonly diskTypes: ReadonlyMap<string, { readonly sizeMb: number; readonly cloudProperties: Fields }>;
  readonly networks: ReadonlyMap<string, Network>;
  readonly compilation: Fields;
}

/** A network of a cloud config. Here, only manual ones have subnets. */
export interface Network {
  readonly name: string;
  readonly type: "manual" | "dynamic" | "vip";
  readonly subnets: readonly Subnet[];
}

/** A range of addresses with its gateway. `first` and `last` bound the addresses that hosts may have, as numbers. */
export interface Subnet {
  readonly first: number;
  readonly last: number;
  readonly netmask: string;
  readonly gateway: string;
  readonly dns: readonly string[];
  readonly azs: readonly string[];
  /** Addresses that are not handed out: gateway, reserved and static ones, as sorted [from, to] pairs. */
  readonly taken: readonly (readonly [number, number])[];
  readonly cloudProperties: Fields;
  isStatic(ip: string): boolean;
}

function readRange(text: string): readonly [number, number] {
  const [from, to] = text.split("-").map((part) => part.trim());
  if (from?.includes("/")) {
    const [base, bits] = from.split("/");
    const size = 2 ** (32 - Number(bits));
    const start = Math.floor(parseIpv4(base ?? "") / size) * size;
    return [start, start + size - 1];
  }
  return [parseIpv4(from ?? ""), parseIpv4(to ?? from ?? "")];
}

function readSubnet(fields: Fields): Subnet {
  const cidr = requireField(fields, "range", "string");
  const [start, end] = readRange(cidr);
  const gateway = optionalField(fields, "gateway", "string") ?? formatIpv4(start + 1);
  const ranges = (name: string): readonly (readonly [number, number])[] =>
    (optionalField(fields, name, "array") ?? []).map((each) => readRange(String(each)));
  const statics = ranges("static");
  const lists = [...ranges("reserved"), ...statics];
  const taken = [readRange(gateway), ...lists].sort((a, b) => a[0] - b[0]);
  const azs =
    optionalField(fields, "azs", "array")?.map(String) ?? (fields.az === undefined ? [] : [String(fields.az)]);
  return {
    first: start + 1,
    last: end - 1,
    netmask: formatIpv4(2 ** 32 - (end - start + 1)),
    gateway,
    dns: (optionalField(fields, "dns", "array") ?? []).map(String),
    azs,
    taken,
    cloudProperties: optionalField(fields, "cloud_properties", "hash") ?? {},
    isStatic: (ip) => statics.some(([from, to]) => parseIpv4(ip) >= from && parseIpv4(ip) <= to),
  };
}

const readByName = (fields: Fields, list: string): ReadonlyMap<string, Fields> =>
  new Map(
    requireHashes(optionalField(fields, list, "array") ?? []).map((each) => [
      requireField(each, "name", "string"),
      each,
    ]),
  );

/** Merges configs: lists are joined; of anything else the last wins. */
const joinLists = (old: unknown, value: unknown): unknown =>
  Array.isArray(old) && Array.isArray(value) ? [...old, ...value] : value;

/** A network of a type unknown to BOSH has no subnets, like one without addresses of its own. */
const networkType = (type = "manual"): Network["type"] => (type === "manual" || type === "vip" ? type : "dynamic");

/** @throws DirectorError when a part is malformed */
export function parseCloudConfig(texts: readonly string[]): CloudConfig {
  const parts = texts.map((text) => asFields(readYaml(text)));
  const merged: Record<string, unknown> = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) merged[key] = joinLists(merged[key], value);
  }
  requireField(merged, "networks", "array");
  const networks = [...readByName(merged, "networks")].map(([name, fields]): [string, Network] => {
    const type = networkType(optionalField(fields, "type", "string"));
    return [
      name,
      {
        name,
        type,
        subnets: type === "manual" ? requireHashes(requireField(fields, "subnets", "array")).map(readSubnet) : [],
      },
    ];
  });
  const diskTypes = [...readByName(merged, "disk_types")].map(
    ([name, fields]) =>
      [
        name,
        {
          sizeMb: requireField(fields, "disk_size", "integer"),
          cloudProperties: optionalField(fields, "cloud_properties", "hash") ?? {},
        },
      ] as const,
  );
  return {
    azs: readByName(merged, "azs"),
    vmTypes: readByName(merged, "vm_types"),
    vmExtensions: readByName(merged, "vm_extensions"),
    diskTypes: new Map(diskTypes),
    networks: new Map(networks),
    compilation: optionalField(merged, "compilation", "hash") ?? {},
  };
}

/** The merged cloud properties of a VM: zone, type (or what the CPI makes of resources), extensions, in this order. */
export function vmProperties(config: CloudConfig, az: string, group: VmChoice, cpi: Cpi): Fields {
  const own = (part: Fields | undefined): Fields => asFields(part?.cloud_properties);
  const type =
    group.vmType === undefined
      ? cpi.calculateVmProperties(group.vmResources ?? {})
      : own(config.vmTypes.get(group.vmType));
  const extensions = group.vmExtensions.map((name) => own(config.vmExtensions.get(name)));
  return [own(config.azs.get(az)), type, ...extensions].reduce((sum, each) => ({ ...sum, ...each }), {});
}
