import { DirectorError } from "../wire/errors.ts";
import { type Fields, optionalField, requireField } from "./fields.ts";
import { type Network, servesZones } from "./networks.ts";
import { readVmResources } from "./vm-resources.ts";

/** How packages are compiled (compilation_config.rb in bosh-director). */
export interface Compilation {
  readonly workers: number;
  readonly network: string;
  /** Empty: in no zone. */
  readonly az: string;
  readonly vmType: string | undefined;
  readonly vmResources: Fields | undefined;
  readonly vmExtensions: readonly string[];
  readonly cloudProperties: Fields;
  readonly env: Fields;
}

/** The parts of the cloud config to which a compilation section may refer, by name. */
interface Known {
  readonly networks: ReadonlyMap<string, Network>;
  readonly azs: ReadonlyMap<string, Fields>;
  readonly vmTypes: ReadonlyMap<string, Fields>;
  readonly vmExtensions: ReadonlyMap<string, Fields>;
}

/** @throws DirectorError for the first rule that it breaks */
export function parseCompilation(fields: Fields, known: Known): Compilation {
  const workers = requireField(fields, "workers", "integer");
  if (workers < 1) throw new DirectorError(40002, `'workers' value (${workers}) should be greater than 1`);
  const network = requireField(fields, "network", "string");
  optionalField(fields, "orphan_workers", "boolean");
  optionalField(fields, "reuse_compilation_vms", "boolean");
  const cloudProperties = optionalField(fields, "cloud_properties", "hash") ?? {};
  const env = optionalField(fields, "env", "hash") ?? {};
  const az = optionalField(fields, "az", "string") ?? "";
  if (az !== "" && !known.azs.has(az))
    throw new DirectorError(
      120002,
      `Compilation config references unknown az '${az}'. Known azs are: [${[...known.azs.keys()].join(", ")}]`,
    );
  const vm = parseVm(fields, cloudProperties, known);
  checkNetwork(network, known.azs.has(az) ? az : undefined, known);
  return { workers, network, az, cloudProperties, env, ...vm };
}

/** @throws DirectorError 120003, 120005, 120007 */
function parseVm(
  fields: Fields,
  cloudProperties: Fields,
  { vmTypes, vmExtensions }: Known,
): Pick<Compilation, "vmType" | "vmResources" | "vmExtensions"> {
  const vmType = optionalField(fields, "vm_type", "string");
  const resources = optionalField(fields, "vm_resources", "hash");
  const given = [
    (vmType ?? "") !== "",
    Object.keys(resources ?? {}).length > 0,
    Object.keys(cloudProperties).length > 0,
  ];
  if (given.filter(Boolean).length > 1)
    throw new DirectorError(
      120007,
      "Compilation config specifies more than one of 'vm_type', 'vm_resources', or 'cloud_properties', only one is allowed.",
    );
  if (vmType !== undefined && !vmTypes.has(vmType))
    throw new DirectorError(
      120003,
      `Compilation config references unknown vm type '${vmType}'. Known vm types are: ${[...vmTypes.keys()].join(", ")}`,
    );
  const vmResources = vmType === undefined && resources !== undefined ? readVmResources(resources) : undefined;
  const names = (optionalField(fields, "vm_extensions", "array") ?? []).map(String);
  for (const name of names) {
    if (!vmExtensions.has(name))
      throw new DirectorError(
        120005,
        `Compilation config references unknown vm extension '${name}'. Known vm extensions are: ${[...vmExtensions.keys()].join(", ")}`,
      );
    if (vmType === undefined && vmResources === undefined)
      throw new DirectorError(
        120007,
        `Compilation config is using vm extension '${name}' and must configure a vm type or vm_resources block.`,
      );
  }
  return { vmType, vmResources, vmExtensions: names };
}

/** @throws DirectorError 120001, 150006 */
function checkNetwork(name: string, az: string | undefined, { networks }: Known): void {
  const network = networks.get(name);
  if (network === undefined)
    throw new DirectorError(120001, `Compilation config references an unknown network '${name}'`);
  if (!servesZones(network, az === undefined ? undefined : [az]))
    throw new DirectorError(
      150006,
      `Compilation config refers to az '${az ?? ""}' but network '${name}' has no matching subnet(s).`,
    );
}
