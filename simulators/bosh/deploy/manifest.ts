import { type Fields, hashes, maybe, need } from "../configs/fields.ts";
import { syntaxError } from "../templates/psych.ts";
import { readYaml, YamlError } from "../templates/yaml.ts";
import { DirectorError } from "../wire/errors.ts";
import { groups, jobs, update } from "./instance-group.ts";
import type { Addon, Manifest, VariableWish } from "./manifest-types.ts";

/** The text of a manifest as a mapping. @throws DirectorError 440001, 40001 */
export function readManifest(text: string): Fields {
  if (text.trim() === "") throw new DirectorError(440001, "Manifest should not be empty");
  const value = documentOf(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(440001, "Manifest should be a hash");
  return value as Fields;
}

function documentOf(text: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new DirectorError(
      440001,
      `Incorrect YAML structure of the uploaded manifest: #<Psych::SyntaxError: ${syntaxError(text, error.message)}>`,
    );
  }
}

/** The name under which a manifest is deployed. @throws DirectorError 40001 */
export function nameOf(manifest: Fields): string {
  if (typeof manifest.name !== "string") throw new DirectorError(40001, "Deployment manifest must have a 'name' key");
  return manifest.name;
}

const version = (fields: Fields): string => String(fields.version ?? "");

const FEATURES = [
  "use_dns_addresses",
  "use_short_dns_addresses",
  "use_link_dns_names",
  "randomize_az_placement",
  "converge_variables",
];

function features(fields: Fields): Fields {
  const given = maybe(fields, "features", "hash") ?? {};
  for (const name of FEATURES) {
    const value = given[name];
    if (value !== undefined && typeof value !== "boolean") {
      const type = typeof value === "string" ? "String" : Number.isInteger(value) ? "Integer" : "Hash";
      throw new DirectorError(560001, `Key '${name}' in 'features' expected to be a boolean, but received '${type}'`);
    }
  }
  return given;
}

function variables(fields: Fields): readonly VariableWish[] {
  const wishes = hashes(maybe(fields, "variables", "array") ?? []).map((each) => ({
    name: need(each, "name", "string"),
    type: need(each, "type", "string"),
    options: maybe(each, "options", "hash") ?? {},
    isConverging: each.update_mode === "converge",
  }));
  const twice = wishes.find(({ name }, at) => wishes.findIndex((each) => each.name === name) !== at);
  if (twice !== undefined)
    throw new DirectorError(560000, `Some of the variables have duplicate names, eg: '${twice.name}'`);
  return wishes;
}

/** Addons of a manifest or a runtime config; one without jobs adds nothing. */
export const addonsOf = (fields: Fields): readonly Addon[] =>
  hashes(maybe(fields, "addons", "array") ?? []).map((each) => ({
    name: need(each, "name", "string"),
    jobs: each.jobs === undefined ? [] : jobs(each),
    include: maybe(each, "include", "hash"),
    exclude: maybe(each, "exclude", "hash"),
  }));

function releases(fields: Fields): Manifest["releases"] {
  return hashes(need(fields, "releases", "array")).map((release) => ({
    name: need(release, "name", "string"),
    version: version(release),
  }));
}

function stemcells(fields: Fields): Manifest["stemcells"] {
  return hashes(maybe(fields, "stemcells", "array") ?? []).map((stemcell) => {
    const os = maybe(stemcell, "os", "string");
    const name = maybe(stemcell, "name", "string");
    return {
      alias: need(stemcell, "alias", "string"),
      version: version(stemcell),
      ...(os === undefined ? {} : { os }),
      ...(name === undefined ? {} : { name }),
    };
  });
}

/** @throws DirectorError with the director's own code and text for what is wrong first */
export function parseManifest(fields: Fields): Manifest {
  const wanted = releases(fields);
  const common = need(fields, "update", "hash");
  return {
    name: nameOf(fields),
    releases: wanted,
    stemcells: stemcells(fields),
    update: update(common),
    groups: groups(fields, common),
    addons: addonsOf(fields),
    variables: variables(fields),
    features: features(fields),
    tags: (maybe(fields, "tags", "hash") ?? {}) as Readonly<Record<string, string>>,
  };
}
