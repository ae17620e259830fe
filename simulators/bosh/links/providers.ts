import { asFields, type Fields, isHash } from "../configs/fields.ts";
import { isTruthy } from "../templates/ruby.ts";
import type { InstanceGroup, Manifest } from "../deploy/manifest.ts";
import type { LinkDefinition, ReleaseJob, ReleaseVersion } from "../state/artifacts.ts";
import type { LinkAlias, LinkDns, LinkProvider, Links } from "../state/links.ts";
import { isManual } from "./settings.ts";
import { findJobUses, isNil, type JobUse, type LinkUse, settingFor } from "./uses.ts";

/**
 * The link providers of a deployment: those of its jobs' releases, those that its manifest adds, and its
 * named disks.
 */
export function planProviders(
  table: Links,
  deployment: string,
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
): readonly LinkProvider[] {
  const known = new Map(
    table.providers.filter((each) => each.deployment === deployment).map((each) => [keyOf(each), each]),
  );
  const found = manifest.groups.flatMap((group) => [
    ...findJobUses(group, releases).flatMap((use) => providersOf(use, deployment, manifest)),
    ...group.disks.map(({ name }) => addresslessProvider({ group, job: group.name, kind: "disk", name }, deployment)),
  ]);
  return found.map((each) => {
    const before = known.get(keyOf(each));
    return { ...each, id: before?.id ?? ++table.ids.providers };
  });
}

const keyOf = ({ group, job, kind, definition }: Omit<LinkProvider, "id">): string =>
  JSON.stringify([group, job, kind, definition]);

/** What a job provides by its manifest and its release, then what its manifest says of the links that it consumes. */
function providersOf(use: JobUse, deployment: string, manifest: Manifest): readonly Omit<LinkProvider, "id">[] {
  const { group, job, release } = use;
  const custom = job.customProviders.map((each): LinkDefinition => {
    const properties = Array.isArray(each.properties) ? each.properties.map(String) : [];
    return { name: String(each.name), type: String(each.type), properties };
  });
  const provided = [...custom, ...release.provides].map((definition) =>
    providerOf({ ...use, definition }, deployment, manifest),
  );
  const manual = release.consumes
    .filter(({ name }) => isManual(settingFor(job.consumes, name)))
    .map(({ name, type }) => addresslessProvider({ group, job: job.name, kind: "manual", name, type }, deployment));
  return [...provided, ...manual];
}

function providerOf(
  { group, job, definition, release }: LinkUse,
  deployment: string,
  manifest: Manifest,
): Omit<LinkProvider, "id"> {
  const given = settingFor(job.provides, definition.name);
  return {
    deployment,
    group: group.name,
    job: job.name,
    kind: "job",
    isWithheld: isNil(job.provides, definition.name),
    definition: definition.name,
    type: definition.type,
    name: String(given.as ?? definition.name),
    shared: isTruthy(given.shared),
    properties: exposedProperties(definition, release, job.properties),
    dns: dnsOf(group, manifest),
    aliases: aliasesIn(given.aliases),
  };
}

function aliasesIn(given: unknown): readonly LinkAlias[] {
  if (!Array.isArray(given)) return [];
  return given.filter(isHash).map((each) => {
    const text = (key: string): object => (typeof each[key] === "string" ? { [key]: each[key] } : {});
    const health = { ...text("health_filter"), ...text("initial_health_check") };
    return { domain: String(each.domain ?? ""), ...text("placeholder_type"), ...health };
  });
}

/** A provider without instances: a disk, or what the manifest itself says. */
function addresslessProvider(
  {
    group,
    job,
    kind,
    name,
    type = "disk",
  }: Pick<LinkProvider, "job" | "kind" | "name"> & {
    readonly group: InstanceGroup;
    readonly type?: string;
  },
  deployment: string,
): Omit<LinkProvider, "id"> {
  const dns = { defaultNetwork: "", networks: [], usesNames: false, usesShortNames: false, usesLinkNames: false };
  return {
    deployment,
    group: group.name,
    job,
    kind,
    isWithheld: false,
    definition: name,
    type,
    name,
    shared: false,
    properties: { name },
    dns,
    aliases: [],
  };
}

/** How the addresses of a group's instances are chosen, from its networks and the manifest's features. */
export function dnsOf({ networks }: InstanceGroup, { features }: Pick<Manifest, "features">): LinkDns {
  const holding = (property: string): string | undefined =>
    networks.find(({ defaults }) => defaults.includes(property))?.name;
  const byLink = features.use_link_dns_names === true;
  return {
    defaultNetwork: holding("addressable") ?? holding("gateway") ?? "",
    networks: networks.map(({ name }) => name),
    usesNames: (features.use_dns_addresses ?? (byLink ? true : undefined)) !== false,
    usesShortNames: (features.use_short_dns_addresses ?? byLink) === true,
    usesLinkNames: byLink,
  };
}

/** The properties that a link shows: the job's values, otherwise its defaults. */
function exposedProperties({ properties = [] }: LinkDefinition, release: ReleaseJob, given: Fields): Fields {
  const shown: Record<string, unknown> = {};
  for (const path of properties) {
    const value = valueAt(given, path);
    setAt(shown, path, value === undefined ? release.properties[path] : value);
  }
  return shown;
}

/** The value below nested mappings; undefined if it is not given. */
export function valueAt(values: unknown, path: string): unknown {
  let value: unknown = values;
  for (const key of path.split(".")) {
    if (!isHash(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

/** Sets a value below nested mappings, which it creates if missing. */
export function setAt(values: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let inner = values;
  for (const key of keys) {
    const next: Record<string, unknown> = { ...asFields(inner[key]) };
    inner[key] = next;
    inner = next;
  }
  inner[last] = value;
}
