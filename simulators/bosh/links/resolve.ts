import type { Fields } from "../configs/fields.ts";
import type { InstanceGroup, JobSpec, Manifest } from "../deploy/manifest-types.ts";
import type { LinkDefinition, ReleaseVersion } from "../state/artifacts.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { LinkConsumer, LinkProvider } from "../state/links.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";

/** What a job consumes: the name within the job, and who provides it. */
export interface ResolvedLink {
  readonly group: string;
  readonly job: string;
  readonly name: string;
  readonly provider: LinkProvider;
}

interface LinkUse {
  readonly group: InstanceGroup;
  readonly job: JobSpec;
  readonly definition: LinkDefinition;
}

function findLinkUses(
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
  kind: "consumes" | "provides",
): readonly LinkUse[] {
  return manifest.groups.flatMap((group) =>
    group.jobs.flatMap((job) => {
      const release = releases.find(({ name }) => name === job.release);
      const definitions = release?.jobs.find(({ name }) => name === job.name)?.[kind] ?? [];
      return definitions.map((definition) => ({ group, job, definition }));
    }),
  );
}

/** The manifest says `nil` where a job is to give or take nothing. */
const isNil = (settings: Fields, name: string): boolean =>
  name in settings && (settings[name] === null || settings[name] === "nil");

const settingFor = (settings: Fields, name: string): Fields =>
  isNil(settings, name) ? {} : ((settings[name] ?? {}) as Fields);

function providersOf(
  director: Director,
  deployment: Deployment,
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
): LinkProvider[] {
  const { links } = director.slot.value;
  return findLinkUses(manifest, releases, "provides")
    .filter(({ job, definition }) => !isNil(job.provides, definition.name))
    .map(({ group, job, definition }) => {
      const given = settingFor(job.provides, definition.name);
      const name = String(given.as ?? definition.name);
      const shared = given.shared === true;
      const known = links.providers.find(
        (each) =>
          each.deployment === deployment.name &&
          each.group === group.name &&
          each.job === job.name &&
          each.definition === definition.name,
      );
      if (known !== undefined) return Object.assign(known, { name, shared });
      const fresh = { deployment: deployment.name, group: group.name, job: job.name, definition: definition.name };
      return { id: ++links.ids.providers, ...fresh, type: definition.type, name, shared };
    });
}

function consumerOf(director: Director, deployment: Deployment, { group, job, definition }: LinkUse): LinkConsumer {
  const { links } = director.slot.value;
  const name = String(settingFor(job.consumes, definition.name).from ?? definition.name);
  const known = links.consumers.find(
    (each) =>
      each.deployment === deployment.name &&
      each.group === group.name &&
      each.owner === job.name &&
      each.definition === definition.name,
  );
  if (known !== undefined) return Object.assign(known, { name });
  return {
    id: ++links.ids.consumers,
    deployment: deployment.name,
    ownerType: "job",
    owner: job.name,
    group: group.name,
    definition: definition.name,
    type: definition.type,
    name,
    optional: definition.optional === true,
  };
}

/** Matches what jobs consume with what jobs provide. @throws DirectorError 100 that lists what can't be matched */
export function resolveLinks(
  director: Director,
  deployment: Deployment,
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
): readonly ResolvedLink[] {
  const state = director.slot.value.links;
  const own = providersOf(director, deployment, manifest, releases);
  const errors: string[] = [];
  const consumers: LinkConsumer[] = [];
  const resolved: (ResolvedLink & { readonly consumer: LinkConsumer })[] = [];
  for (const wish of findLinkUses(manifest, releases, "consumes")) {
    const { group, job, definition } = wish;
    if (isNil(job.consumes, definition.name)) continue;
    const consumer = consumerOf(director, deployment, wish);
    consumers.push(consumer);
    const found = matchProvider(director, deployment, wish, own);
    if (typeof found === "string") errors.push(found);
    else if (found !== undefined)
      resolved.push({ group: group.name, job: job.name, name: definition.name, provider: found, consumer });
  }
  if (errors.length > 0)
    throw new DirectorError(
      UNCLASSED,
      `Failed to resolve links from deployment '${deployment.name}'. See errors below:\n  - ${errors.join("\n  - ")}`,
    );
  const isOther = (each: { readonly deployment: string }): boolean => each.deployment !== deployment.name;
  state.providers = [...state.providers.filter(isOther), ...own];
  const external = state.consumers.filter((each) => !isOther(each) && each.ownerType === "external");
  state.consumers = [...state.consumers.filter(isOther), ...consumers, ...external];
  for (const { consumer, provider, name } of resolved) connect(director, consumer, provider, name, null);
  const [known, live] = [new Set(state.consumers.map(({ id }) => id)), new Set(state.providers.map(({ id }) => id))];
  state.links = state.links.filter((each) => known.has(each.consumerId) && live.has(each.providerId));
  return resolved;
}

/** The link between the two; one that exists is kept. */
export function connect(
  director: Director,
  consumer: LinkConsumer,
  provider: LinkProvider,
  name: string,
  network: string | null,
) {
  const state = director.slot.value.links;
  const known = state.links.find((each) => each.consumerId === consumer.id && each.providerId === provider.id);
  if (known !== undefined) return known;
  const createdMs = director.kernel.nowMs;
  const link = { id: ++state.ids.links, name, consumerId: consumer.id, providerId: provider.id, createdMs, network };
  state.links.push(link);
  return link;
}

function matchProvider(
  director: Director,
  deployment: Deployment,
  { group, job, definition }: LinkUse,
  own: readonly LinkProvider[],
): LinkProvider | string | undefined {
  const given = settingFor(job.consumes, definition.name);
  const alias = given.from === undefined ? undefined : String(given.from);
  const elsewhere =
    given.deployment === undefined || given.deployment === deployment.name ? undefined : String(given.deployment);
  const pool =
    elsewhere === undefined
      ? own
      : director.slot.value.links.providers.filter((each) => each.deployment === elsewhere && each.shared);
  const found = pool.filter((each) => each.type === definition.type && (alias === undefined || each.name === alias));
  if (found.length === 1) return found[0];
  const what = `Failed to resolve link '${definition.name}' ${alias === undefined ? "" : `with alias '${alias}' and `}${
    alias === undefined ? "with " : ""
  }type '${definition.type}' from job '${job.name}' in instance group '${group.name}'.`;
  if (found.length > 1) {
    const list = found.map(
      (each) =>
        `\n    - Link provider '${each.definition}' from job '${each.job}' in instance group '${each.group}' in deployment '${each.deployment}'`,
    );
    return `${what} Multiple link providers found:${list.join("")}`;
  }
  if (alias === undefined && definition.optional === true) return undefined;
  return `${what} Details below:\n    - No link providers found`;
}

/** Forgets what a deleted deployment gave and took. */
export function dropLinks(director: Director, deployment: string): void {
  const state = director.slot.value.links;
  state.providers = state.providers.filter((each) => each.deployment !== deployment);
  state.consumers = state.consumers.filter((each) => each.deployment !== deployment);
  const [known, live] = [new Set(state.consumers.map(({ id }) => id)), new Set(state.providers.map(({ id }) => id))];
  state.links = state.links.filter((each) => known.has(each.consumerId) && live.has(each.providerId));
}
