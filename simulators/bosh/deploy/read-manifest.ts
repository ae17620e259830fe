import { type Fields, asFields, isHash, requireHashes, optionalField, requireField } from "../configs/fields.ts";
import { YamlError } from "../templates/yaml-errors.ts";
import { readYaml } from "../templates/yaml.ts";
import { DirectorError } from "../wire/errors.ts";
import { readGroups, readJobs, readUpdate } from "./read-instance-group.ts";
import type { Addon, Manifest, VariableSpec } from "./manifest.ts";

/** The text of a manifest as a mapping. @throws DirectorError 440001, 40001 */
export function readManifest(text: string): Fields {
  if (text.trim() === "") throw new DirectorError(440001, "Manifest should not be empty");
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

/** The name under which a manifest is deployed. @throws DirectorError 40001 */
export function manifestName(manifest: Fields): string {
  if (typeof manifest.name !== "string") throw new DirectorError(40001, "Deployment manifest must have a 'name' key");
  return manifest.name;
}

const readVersion = (fields: Fields): string => String(fields.version ?? "");

const FEATURES = [
  "use_dns_addresses",
  "use_short_dns_addresses",
  "use_link_dns_names",
  "randomize_az_placement",
  "converge_variables",
];

function readFeatures(fields: Fields): Fields {
  const given = optionalField(fields, "features", "hash") ?? {};
  for (const name of FEATURES) {
    const value = given[name];
    if (value !== undefined && typeof value !== "boolean") {
      const type = typeof value === "string" ? "String" : Number.isInteger(value) ? "Integer" : "Hash";
      throw new DirectorError(560001, `Key '${name}' in 'features' expected to be a boolean, but received '${type}'`);
    }
  }
  return given;
}

function readVariables(fields: Fields): readonly VariableSpec[] {
  const wishes = requireHashes(optionalField(fields, "variables", "array") ?? []).map((each) => ({
    name: requireField(each, "name", "string"),
    type: requireField(each, "type", "string"),
    options: optionalField(each, "options", "hash") ?? {},
    isConverging: each.update_mode === "converge",
  }));
  const twice = wishes.find(({ name }, at) => wishes.findIndex((each) => each.name === name) !== at);
  if (twice !== undefined)
    throw new DirectorError(560000, `Some of the variables have duplicate names, eg: '${twice.name}'`);
  return wishes;
}

/** The addons of a manifest or a runtime config; one without jobs adds nothing. */
export const readAddons = (fields: Fields): readonly Addon[] =>
  requireHashes(optionalField(fields, "addons", "array") ?? []).map((each) => ({
    name: requireField(each, "name", "string"),
    jobs: each.jobs === undefined ? [] : readJobs(each),
    include: optionalField(each, "include", "hash"),
    exclude: optionalField(each, "exclude", "hash"),
  }));

function readReleases(fields: Fields): Manifest["releases"] {
  return requireHashes(requireField(fields, "releases", "array")).map((release) => ({
    name: requireField(release, "name", "string"),
    version: readVersion(release),
  }));
}

function readStemcells(fields: Fields): Manifest["stemcells"] {
  return requireHashes(optionalField(fields, "stemcells", "array") ?? []).map((stemcell) => {
    const os = optionalField(stemcell, "os", "string");
    const name = optionalField(stemcell, "name", "string");
    return {
      alias: requireField(stemcell, "alias", "string"),
      version: readVersion(stemcell),
      ...(os === undefined ? {} : { os }),
      ...(name === undefined ? {} : { name }),
    };
  });
}

/** @throws DirectorError with the director's own code and text for the first error */
export function parseManifest(fields: Fields): Manifest {
  const wanted = readReleases(fields);
  const common = requireField(fields, "update", "hash");
  return {
    name: manifestName(fields),
    releases: wanted,
    stemcells: readStemcells(fields),
    update: readUpdate(common),
    groups: readGroups(fields, common),
    addons: readAddons(fields),
    variables: readVariables(fields),
    features: readFeatures(fields),
    tags: readTags(optionalField(fields, "tags", "hash")),
  };
}

/** Tags as texts. */
export const readTags = (tags: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(asFields(tags)).map(([name, value]) => [name, String(value)]));
