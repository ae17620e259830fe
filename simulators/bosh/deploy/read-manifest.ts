import { anyField, type Fields, isHash, optionalField, requireField } from "../configs/fields.ts";
import { inspect } from "../templates/ruby.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { DirectorError } from "../wire/errors.ts";
import { addToGroups, readAddons } from "./addons.ts";
import { readFeatures, tmpfsOf } from "./features.ts";
import type { InstanceGroup, Manifest, ReleaseSpec } from "./manifest.ts";
import type { ParseContext, SharedParts } from "./parse-context.ts";
import { overridesOf, readGroup, readTags } from "./read-instance-group.ts";
import { readUpdate } from "./read-update.ts";
import { readVariables } from "./variable-specs.ts";
import { canonicalName } from "./canonical.ts";

/** The text of a manifest as a mapping. @throws DirectorError 440001, 40001 */
export function readManifest(text: string): Fields {
  if (text === "") throw new DirectorError(440001, "Manifest should not be empty");
  const value = readDocument(text);
  if (!isHash(value)) throw new DirectorError(440001, "Manifest should be a hash");
  return value;
}

function readDocument(text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new DirectorError(440001, `Incorrect YAML structure of the uploaded manifest: ${error.inspect()}`);
  }
}

/**
 * Sections that belong in a cloud config, in the order in which the director looks for them
 * (manifest_validator.rb).
 */
const CLOUD_KEYS = ["vm_types", "azs", "disk_types", "compilation"];

/** Sections of the first form of manifests. */
const OLD_KEYS: readonly (readonly [key: string, code: number, text: string])[] = [
  [
    "networks",
    140026,
    "Deployment 'networks' are no longer supported. Network definitions must now be provided in a cloud-config.",
  ],
  [
    "disk_pools",
    140027,
    "disk_pools is no longer supported. Disk definitions must now be provided as disk_types in a cloud-config",
  ],
  ["jobs", 140023, "Jobs are no longer supported, please use instance groups instead"],
  ["resource_pools", 140028, "resource_pools is no longer supported. You must now define resources in a cloud-config"],
];

/** @throws DirectorError 190014, 140023, 140026, 140027, 140028 */
export function checkTopLevel(fields: Fields): void {
  for (const key of CLOUD_KEYS)
    if (Object.hasOwn(fields, key))
      throw new DirectorError(
        190014,
        `Deployment manifest contains '${key}' section, but this can only be set in a cloud-config.`,
      );
  for (const [key, code, text] of OLD_KEYS) if (Object.hasOwn(fields, key)) throw new DirectorError(code, text);
}

/** A release of a manifest or a runtime config. @throws DirectorError 40000, 40001 */
export function readRelease(spec: unknown): ReleaseSpec {
  const name = requireField(spec, "name", "string");
  const version = requireField(spec, "version", "string");
  const exportedFrom = (optionalField(spec, "exported_from", "array") ?? []).map((each) => ({
    os: requireField(each, "os", "string"),
    version: requireField(each, "version", "string"),
  }));
  return { name, version, exportedFrom };
}

/** @throws DirectorError 190001, 190002 */
function readReleases(fields: Fields): Manifest["releases"] {
  const isOne = Object.hasOwn(fields, "release");
  if (isOne && Object.hasOwn(fields, "releases"))
    throw new DirectorError(
      190001,
      "Deployment manifest contains both 'release' and 'releases' sections, please use one of the two.",
    );
  const specs = isOne ? [fields.release] : requireField(fields, "releases", "array");
  return specs.reduce<readonly ReleaseSpec[]>((known, spec) => {
    const release = readRelease(spec);
    if (known.some(({ name }) => name === release.name))
      throw new DirectorError(190002, `Duplicate release name '${release.name}'`);
    return [...known, release];
  }, []);
}

/** @throws DirectorError 40001, 50005 */
function readStemcells(fields: Fields): Manifest["stemcells"] {
  const known = new Map<string, Manifest["stemcells"][number]>();
  for (const spec of optionalField(fields, "stemcells", "array") ?? []) {
    const alias = requireField(spec, "alias", "string");
    if (known.has(alias)) throw new DirectorError(50005, `Duplicate stemcell alias '${alias}'`);
    const name = optionalField(spec, "name", "string");
    const os = optionalField(spec, "os", "string");
    const version = requireField(spec, "version", "string");
    if (name === undefined && os === undefined)
      throw new DirectorError(40001, `Required property 'os' or 'name' was not specified in object (${inspect(spec)})`);
    known.set(alias, { alias, version, ...(os !== undefined && { os }), ...(name !== undefined && { name }) });
  }
  return [...known.values()];
}

/**
 * Reads a manifest with resolved versions, in the director's order (deployment_spec_parser.rb). The
 * manifest's own addons are already applied to its groups.
 *
 * @throws DirectorError with the director's own code and text for the first error
 */
export function parseManifest(fields: Fields, context: ParseContext): Manifest {
  const stemcells = readStemcells(fields);
  const properties = optionalField(fields, "properties", "hash") ?? {};
  const releases = readReleases(fields);
  const update = readUpdate({
    ...requireField(fields, "update", "hash"),
    is_deploy_action: true,
    ...overridesOf(context.args),
  });
  const variables = readVariables(fields);
  const features = readFeatures(fields);
  const shared = { stemcells, properties, releases, update, tmpfs: tmpfsOf(features) };
  const own = readGroups(fields, shared, context);
  const addons = readAddons(fields, "deployment", releases);
  const groups = addons.reduce((all, addon) => addToGroups(addon, all, releases, context, shared), own);
  const name = String(anyField(fields, "name") ?? "");
  return { name, releases, stemcells, update, groups, variables, features, tags: readTags({}) };
}

/** @throws DirectorError 190006, and those of a group */
function readGroups(fields: Fields, shared: SharedParts, context: ParseContext): readonly InstanceGroup[] {
  const taken = new Set<string>();
  return (optionalField(fields, "instance_groups", "array") ?? []).map((spec) => {
    const group = readGroup(spec, shared, context);
    const canonical = canonicalName(group.name);
    if (taken.has(canonical))
      throw new DirectorError(190006, `Invalid instance group name '${group.name}', canonical name already taken`);
    taken.add(canonical);
    return group;
  });
}
