import { asFields, type Fields, indexField, isHash, optionalField } from "../configs/fields.ts";
import type { JobSpec } from "../deploy/manifest.ts";
import type { ReleaseJob } from "../state/artifacts.ts";
import { isTruthy, rubyInstance, toRubyText } from "../templates/ruby.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";

/*
 * Checks a manifest's settings for the links of a job as the director does (links/link_helpers.rb,
 * link_providers_parser.rb and link_consumers_parser.rb in bosh-director). All errors of one job are reported at once, without a code.
 */

/** The place of a job, for messages, and the existing deployments. */
interface JobPlace {
  readonly group: string;
  readonly deployments: ReadonlyMap<string, unknown>;
}

const at = (job: string, group: string): string => `in job '${job}' in instance group '${group}'`;

/** @throws DirectorError 40000, or 100 with all errors */
export function checkLinkSettings(job: JobSpec, release: ReleaseJob, place: JobPlace): void {
  refuseAll(checkCustomProviders(job, release, place));
  const definitions = [...job.customProviders, ...release.provides].map(({ name, properties }) => ({
    name: String(name),
    properties,
  }));
  refuseAll(definitions.flatMap((each) => checkProvided(job, release, each, place)));
  const consumed = release.consumes.map(({ name }) => name);
  refuseAll(consumed.flatMap((name) => (Object.hasOwn(job.consumes, name) ? checkConsumer(job, name, place) : [])));
}

/** @throws DirectorError 100 with all lines, if there are any */
function refuseAll(lines: readonly string[]): void {
  const [first] = lines;
  if (first !== undefined) throw new DirectorError(UNCLASSED, lines.join("\n"));
}

/** What is wrong with how the manifest sets a link that a job provides, else with the properties that the link shows. */
function checkProvided(
  job: JobSpec,
  release: ReleaseJob,
  { name, properties }: { readonly name: string; readonly properties?: unknown },
  place: JobPlace,
): readonly string[] {
  const faults = Object.hasOwn(job.provides, name) ? checkProvider(job, name, place) : [];
  return faults.length > 0 ? faults : checkProperties(job, release, properties);
}

function checkCustomProviders(job: JobSpec, release: ReleaseJob, { group }: JobPlace): readonly string[] {
  const names = job.customProviders.map(({ name }) => name);
  const errors = job.customProviders.flatMap((provider) => {
    const faults = ["Name", "Type"].flatMap((field) => {
      const value = provider[field.toLowerCase()];
      return typeof value === "string" && value !== ""
        ? []
        : [
            `${field} for custom link provider definition in manifest ${at(job.name, group)} must be a valid non-empty string.`,
          ];
    });
    const known = release.provides.some(({ name }) => name === provider.name);
    const title = `Custom provider '${String(provider.name ?? "")}' ${at(job.name, group)}`;
    return known ? [...faults, `${title} is already defined in release '${job.release}'`] : faults;
  });
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return [
    ...errors,
    ...twice.map(
      (name) => `Custom provider '${String(name ?? "")}' ${at(job.name, group)} is defined multiple times in manifest.`,
    ),
  ];
}

const nameOrType = (name: string, job: string, group: string): string =>
  `Cannot specify 'name' or 'type' properties in the manifest for link '${name}' ${at(job, group)}. Please provide these keys in the release only.`;

function checkProvider({ name: job, provides }: JobSpec, name: string, { group }: JobPlace): readonly string[] {
  const given = provides[name];
  if (given === "nil") return [];
  if (!isHash(given))
    return [`Provider '${name}' ${at(job, group)} specified in the manifest should only be a hash or string 'nil'`];
  return Object.hasOwn(given, "name") || Object.hasOwn(given, "type") ? [nameOrType(name, job, group)] : [];
}

/** The properties that a job's link shows must be given or declared. @throws DirectorError 100 in Ruby's words for what are no paths */
function checkProperties(job: JobSpec, release: ReleaseJob, properties: unknown): readonly string[] {
  return listPaths(properties)
    .filter((path) => !isGiven(job.properties, path) && !(typeof path === "string" && path in release.properties))
    .map((path) => `Link property ${toRubyText(path)} in template ${job.name} is not defined in release spec`);
}

/** The paths of a list; a list can be split like a text, and is never found. @throws DirectorError 100 */
function listPaths(properties: unknown): readonly unknown[] {
  if (!isTruthy(properties)) return [];
  const list: unknown = isHash(properties) ? Object.entries(properties) : properties;
  if (!Array.isArray(list)) throw new DirectorError(UNCLASSED, `undefined method 'each' for ${rubyInstance(list)}`);
  return list.map((path: unknown) => {
    if (typeof path === "string" || Array.isArray(path)) return path;
    throw new DirectorError(UNCLASSED, `undefined method 'split' for ${rubyInstance(path)}`);
  });
}

function isGiven(properties: Fields, path: unknown): boolean {
  if (typeof path !== "string") return false;
  let value: unknown = properties;
  // Ruby drops the empty parts at the end; nothing at all is the properties themselves.
  for (const key of path.replace(/\.+$/, "").split(".")) {
    if (key === "" && value === properties && /^\.*$/.test(path)) return true;
    if (!isHash(value) || !Object.hasOwn(value, key)) return false;
    value = value[key];
  }
  return true;
}

function checkConsumer({ name: job, consumes }: JobSpec, name: string, place: JobPlace): readonly string[] {
  const { group } = place;
  const given = consumes[name];
  if (given === "nil") return [];
  if (!isHash(given))
    return [`Consumer '${name}' ${at(job, group)} specified in the manifest should only be a hash or string 'nil'`];
  const has = (key: string): boolean => Object.hasOwn(given, key);
  const link = `link '${name}' ${at(job, group)}`;
  const errors = [
    ...["instances", "properties"]
      .filter((key) => has(key) && has("from"))
      .map((key) => `Cannot specify both '${key}' and 'from' keys for ${link}.`),
    ...(has("properties") && !has("instances") ? [`Cannot specify 'properties' without 'instances' for ${link}.`] : []),
    ...(has("ip_addresses") && typeof given.ip_addresses !== "boolean"
      ? [`Cannot specify non boolean values for 'ip_addresses' field for ${link}.`]
      : []),
    ...(has("name") || has("type") ? [nameOrType(name, job, group)] : []),
  ];
  if (errors.length > 0 || isManual(given)) return errors;
  return refuseUnsplit(given, checkSource(given, name, job, place));
}

/** The name of a link is the last part of what it comes from. @throws DirectorError 100 in Ruby's words for what is no text */
function refuseUnsplit(given: Fields, errors: readonly string[]): readonly string[] {
  const isText = !Object.hasOwn(given, "from") || typeof given.from === "string" || Array.isArray(given.from);
  if (errors.length > 0 || isText) return errors;
  throw new DirectorError(UNCLASSED, `undefined method 'split' for ${rubyInstance(given.from)}`);
}

/** Checks that the deployment from which a link comes exists. */
function checkSource(given: Fields, name: string, job: string, { group, deployments }: JobPlace): readonly string[] {
  const other = given.deployment;
  if (other === undefined || other === null || other === false || deployments.has(String(other))) return [];
  const alias = String(given.from ?? name);
  return [
    `Link '${alias}' in job '${job}' from instance group '${group}' consumes from deployment '${String(other)}', but the deployment does not exist.`,
  ];
}

/** Whether the manifest itself states the contents of a link. */
export const isManual = (given: Fields): boolean =>
  ["instances", "properties", "address"].some((key) => Object.hasOwn(given, key));

/** The providers that a manifest defines for a job. @throws DirectorError 40000, or 100 in Ruby's words */
export function readCustomProviders(fields: unknown): readonly Fields[] {
  const specs = optionalField(fields, "custom_provider_definitions", "array") ?? [];
  for (const each of specs) indexField(each, "name");
  return specs.map(asFields);
}
