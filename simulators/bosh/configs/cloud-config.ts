import { canonicalName } from "../deploy/canonical.ts";
import type { Cpi } from "../cpi/cpi.ts";
import type { VmChoice } from "../deploy/manifest.ts";
import { readYaml } from "../templates/yaml.ts";
import { DirectorError } from "../wire/errors.ts";
import { type Compilation, parseCompilation } from "./compilation.ts";
import { asFields, type Fields, optionalField, requireField } from "./fields.ts";
import { type Network, parseNetwork } from "./networks.ts";

/** A cloud config (bosh.io/docs/cloud-config), parsed; several are merged list by list. */
export interface CloudConfig {
  readonly azs: ReadonlyMap<string, Fields>;
  readonly vmTypes: ReadonlyMap<string, Fields>;
  readonly vmExtensions: ReadonlyMap<string, Fields>;
  readonly diskTypes: ReadonlyMap<string, DiskType>;
  readonly networks: ReadonlyMap<string, Network>;
  readonly compilation: Compilation;
}

/** A kind of persistent disk. */
interface DiskType {
  readonly sizeMb: number;
  readonly cloudProperties: Fields;
}

/** The lists of a cloud config, in the order in which the director merges them. */
const LISTS = ["azs", "vm_types", "disk_types", "networks", "vm_extensions"] as const;

/** Several cloud configs as one (cloud_configs_consolidator.rb in bosh-director). @throws DirectorError 40000, 570000 */
export function mergeCloudConfigs(parts: readonly Fields[]): Fields {
  if (parts.every((part) => Object.keys(part).length === 0)) return {};
  const merged: Record<string, unknown> = {};
  const lists = new Map<string, unknown[]>(LISTS.map((key) => [key, []]));
  for (const [key, list] of lists) merged[key] = list;
  for (const part of parts) {
    for (const [key, list] of lists) list.push(...(optionalField(part, key, "array") ?? []));
    const compilation = optionalField(part, "compilation", "hash");
    if (compilation !== undefined && merged.compilation !== undefined)
      throw new DirectorError(570000, "Cloud config 'compilation' key cannot be defined in multiple cloud configs.");
    if (compilation !== undefined) merged.compilation = compilation;
  }
  return merged;
}

/** Lists within the lists of a cloud config are taken for parts of these, as a variable may stand for several entries. */
export const flattenLists = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, Array.isArray(value) ? value.flat() : value]));

/** The cloud configs with these texts, as one. @throws DirectorError if a part is malformed */
export const parseCloudConfig = (texts: readonly string[]): CloudConfig =>
  readCloudConfig(mergeCloudConfigs(texts.map((text) => asFields(readYaml(text)))));

/** A merged cloud config (cloud_manifest_parser.rb in bosh-director). @throws DirectorError for the first rule that it breaks */
export function readCloudConfig(fields: Fields): CloudConfig {
  const azs = readNamed(fields, "azs", readZone, { code: 190017, kind: "az" });
  const networks = readNetworks(fields, azs);
  const vmTypes = readNamed(fields, "vm_types", readProperties, { code: 190004, kind: "vm type" });
  const vmExtensions = readNamed(fields, "vm_extensions", readProperties, { code: 190005, kind: "vm extension" });
  const diskTypes = readNamed(fields, "disk_types", readDiskType, { code: 190013, kind: "disk type" });
  const known = { azs, networks, vmTypes, vmExtensions };
  const compilation = parseCompilation(requireField(fields, "compilation", "hash"), known);
  return { azs, networks, vmTypes, vmExtensions, diskTypes, compilation };
}

const readProperties = (fields: unknown): Fields => ({
  cloud_properties: optionalField(fields, "cloud_properties", "hash") ?? {},
});

function readZone(fields: unknown): Fields {
  const zone = readProperties(fields);
  const cpi = optionalField(fields, "cpi", "string");
  return { ...zone, ...(cpi !== undefined && { cpi }) };
}

function readDiskType(fields: unknown, name: string): DiskType {
  const sizeMb = requireField(fields, "disk_size", "integer");
  if (sizeMb < 0)
    throw new DirectorError(200001, `Disk types '${name}' references an invalid persistent disk size '${sizeMb}'`);
  return { sizeMb, cloudProperties: optionalField(fields, "cloud_properties", "hash") ?? {} };
}

/** A list of named things without duplicates, which are looked for once all have been read. */
function readNamed<T>(
  fields: Fields,
  list: string,
  read: (each: unknown, name: string) => T,
  { code, kind }: { readonly code: number; readonly kind: string },
): ReadonlyMap<string, T> {
  const pairs = (optionalField(fields, list, "array") ?? []).map((each): readonly [string, T] => {
    const name = requireField(each, "name", "string");
    return [name, read(each, name)];
  });
  const twice = firstDuplicate(pairs.map(([name]) => name));
  if (twice !== undefined) throw new DirectorError(code, `Duplicate ${kind} name '${pairs[twice]?.[0] ?? ""}'`);
  return new Map(pairs);
}

/** The first element that follows an equal one. */
const firstDuplicate = (names: readonly string[]): number | undefined => {
  const seen = new Set<string>();
  for (const [at, name] of names.entries()) {
    if (seen.has(name)) return at;
    seen.add(name);
  }
  return undefined;
};

/** The CPI of an availability zone; undefined if it names none. */
export function zoneCpiOf({ azs }: CloudConfig, az: string): string | undefined {
  const cpi = azs.get(az)?.cpi;
  return typeof cpi === "string" ? cpi : undefined;
}

/** @throws DirectorError 190007, 190008 */
function readNetworks(fields: Fields, azs: ReadonlyMap<string, Fields>): ReadonlyMap<string, Network> {
  const specs = requireField(fields, "networks", "array");
  if (specs.length === 0) throw new DirectorError(190008, "No networks specified");
  const parsed = specs.map((spec) => {
    const network = parseNetwork(spec, azs);
    return { network, canonical: canonicalName(network.name) };
  });
  const twice = firstDuplicate(parsed.map(({ canonical }) => canonical));
  if (twice !== undefined)
    throw new DirectorError(
      190007,
      `Invalid network name '${parsed[twice]?.network.name ?? ""}', canonical name already taken`,
    );
  return new Map(parsed.map(({ network }) => [network.name, network]));
}

/** The merged cloud properties of a VM: zone, type (or what the CPI makes of resources), extensions, in this order. */
export function vmProperties(config: CloudConfig, az: string, group: VmChoice, cpi: Cpi): Fields {
  const own = (part: Fields | undefined): Fields => asFields(part?.cloud_properties);
  const type =
    group.vmType === undefined
      ? group.vmResources === undefined
        ? {}
        : cpi.calculateVmProperties(group.vmResources)
      : own(config.vmTypes.get(group.vmType));
  const extensions = group.vmExtensions.map((name) => own(config.vmExtensions.get(name)));
  return [own(config.azs.get(az)), type, ...extensions].reduce((sum, each) => ({ ...sum, ...each }), {});
}
