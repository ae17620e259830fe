import { asFields, type Fields, isHash, optionalField } from "../configs/fields.ts";
import type { JobSpec } from "../deploy/manifest.ts";
import type { ReleaseJob } from "../state/artifacts.ts";
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
  const names = [...job.customProviders.map((each) => String(each.name)), ...release.provides.map(({ name }) => name)];
  refuseAll([
    ...names.flatMap((name) => (Object.hasOwn(job.provides, name) ? checkProvider(job, name, place) : [])),
    ...checkProperties(job, release),
  ]);
  const consumed = release.consumes.map(({ name }) => name);
  refuseAll(consumed.flatMap((name) => (Object.hasOwn(job.consumes, name) ? checkConsumer(job, name, place) : [])));
}

/** @throws DirectorError 100 with all lines, if there are any */
function refuseAll(lines: readonly string[]): void {
  const [first] = lines;
  if (first !== undefined) throw new DirectorError(UNCLASSED, lines.join("\n"));
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

/** Checks that the properties that a job's links expose are given or declared. */
function checkProperties(job: JobSpec, release: ReleaseJob): readonly string[] {
  const custom = job.customProviders.map((each) => (Array.isArray(each.properties) ? each.properties.map(String) : []));
  const wanted = [...custom.flat(), ...release.provides.flatMap(({ properties }) => properties ?? [])];
  return wanted
    .filter((path) => !isGiven(job.properties, path) && !Object.hasOwn(release.properties, path))
    .map((path) => `Link property ${path} in template ${job.name} is not defined in release spec`);
}

function isGiven(properties: Fields, path: string): boolean {
  let value: unknown = properties;
  for (const key of path.split(".")) {
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
  return errors.length > 0 || isManual(given) ? errors : checkSource(given, name, job, place);
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

/** The providers that a manifest defines for a job. @throws DirectorError 40000 */
export const readCustomProviders = (fields: unknown): readonly Fields[] =>
  (optionalField(fields, "custom_provider_definitions", "array") ?? []).map(asFields);
