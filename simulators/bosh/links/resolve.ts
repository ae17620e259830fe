import type { Fields } from "../configs/fields.ts";
import type { Manifest } from "../deploy/manifest.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { LinkConsumer, LinkProvider, Links } from "../state/links.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { connect, dropDangling } from "./connect.ts";
import { findUses, isNil, type LinkUse, settingFor } from "./uses.ts";

/** What a job consumes: the name within the job, and who provides it. */
export interface ResolvedLink {
  readonly group: string;
  readonly job: string;
  readonly name: string;
  readonly provider: LinkProvider;
}

/** The links of a deployment according to its manifest. */
export interface LinkPlan {
  readonly resolved: readonly ResolvedLink[];
  /** All links of the director once this plan is adopted. */
  readonly linkTable: Links;
}

/**
 * Matches what the jobs of a manifest consume with what jobs provide. Pure: the table that it is given stays as it is.
 *
 * @throws DirectorError 100 that lists what can't be matched
 */
export function planLinks(
  table: Links,
  deployment: string,
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
  nowMs: number,
): LinkPlan {
  const next = copyTable(table);
  const own = planProviders(next, deployment, manifest, releases);
  const matched = matchConsumers(next, deployment, findUses(manifest, releases, "consumes"), own);
  const isOther = (each: { readonly deployment: string }): boolean => each.deployment !== deployment;
  const external = next.consumers.filter((each) => !isOther(each) && each.ownerType === "external");
  next.providers = [...next.providers.filter(isOther), ...own];
  next.consumers = [...next.consumers.filter(isOther), ...matched.consumers, ...external];
  for (const { consumer, provider, name } of matched.resolved)
    connect(next, consumer, provider, { name, network: null, nowMs });
  dropDangling(next);
  return { resolved: matched.resolved, linkTable: next };
}

/** Makes a planned table the director's. */
export function commitLinks(director: Director, { providers, consumers, links, ids }: Links): void {
  const table = director.slot.value.links;
  Object.assign(table, { providers, consumers, links });
  Object.assign(table.ids, ids);
}

const copyTable = ({ providers, consumers, links, ids }: Links): Links => ({
  providers: [...providers],
  consumers: [...consumers],
  links: [...links],
  ids: { ...ids },
});

function planProviders(
  table: Links,
  deployment: string,
  manifest: Manifest,
  releases: readonly ReleaseVersion[],
): readonly LinkProvider[] {
  return findUses(manifest, releases, "provides")
    .filter(({ job, definition }) => !isNil(job.provides, definition.name))
    .map(({ group, job, definition }) => {
      const given = settingFor(job.provides, definition.name);
      const key = { deployment, group: group.name, job: job.name, definition: definition.name };
      const known = table.providers.find(
        (each) =>
          each.deployment === deployment &&
          each.group === group.name &&
          each.job === job.name &&
          each.definition === definition.name,
      );
      const { id, type } = known ?? { id: ++table.ids.providers, type: definition.type };
      return { id, ...key, type, name: String(given.as ?? definition.name), shared: given.shared === true };
    });
}

interface MatchedConsumers {
  readonly consumers: readonly LinkConsumer[];
  readonly resolved: readonly (ResolvedLink & { readonly consumer: LinkConsumer })[];
}

/** @throws DirectorError 100 */
function matchConsumers(
  table: Links,
  deployment: string,
  uses: readonly LinkUse[],
  own: readonly LinkProvider[],
): MatchedConsumers {
  const errors: string[] = [];
  const consumers: LinkConsumer[] = [];
  const resolved: (ResolvedLink & { readonly consumer: LinkConsumer })[] = [];
  for (const use of uses.filter(({ job, definition }) => !isNil(job.consumes, definition.name))) {
    const consumer = planConsumer(table, deployment, use);
    consumers.push(consumer);
    const match = matchProvider(table, deployment, use, own);
    if (typeof match === "string") errors.push(match);
    else if (match !== undefined)
      resolved.push({
        group: use.group.name,
        job: use.job.name,
        name: use.definition.name,
        provider: match,
        consumer,
      });
  }
  if (errors.length > 0)
    throw new DirectorError(
      UNCLASSED,
      `Failed to resolve links from deployment '${deployment}'. See errors below:\n  - ${errors.join("\n  - ")}`,
    );
  return { consumers, resolved };
}

function planConsumer(table: Links, deployment: string, { group, job, definition }: LinkUse): LinkConsumer {
  const name = String(settingFor(job.consumes, definition.name).from ?? definition.name);
  const key = { deployment, group: group.name, owner: job.name, definition: definition.name };
  const known = table.consumers.find(
    (each) =>
      each.deployment === deployment &&
      each.group === group.name &&
      each.owner === job.name &&
      each.definition === definition.name,
  );
  if (known !== undefined) return { ...known, name };
  return {
    id: ++table.ids.consumers,
    ...key,
    ownerType: "job",
    type: definition.type,
    name,
    optional: definition.optional === true,
  };
}

/** The one provider that matches; undefined for an optional link without one; else a text that says why there is none. */
function matchProvider(
  table: Links,
  deployment: string,
  use: LinkUse,
  own: readonly LinkProvider[],
): LinkProvider | string | undefined {
  const { definition } = use;
  const given = settingFor(use.job.consumes, definition.name);
  const alias = given.from === undefined ? undefined : String(given.from);
  const fitting = poolOf(table, deployment, given, own).filter(
    (each) => each.type === definition.type && (alias === undefined || each.name === alias),
  );
  if (fitting.length === 1) return fitting[0];
  if (fitting.length > 1)
    return `${describeUse(use, alias)} Multiple link providers found:${fitting.map(describeProvider).join("")}`;
  if (alias === undefined && definition.optional === true) return undefined;
  return `${describeUse(use, alias)} Details below:\n    - No link providers found`;
}

/** The deployment's own providers, or the shared ones of another that the manifest names. */
function poolOf(
  { providers }: Links,
  deployment: string,
  given: Fields,
  own: readonly LinkProvider[],
): readonly LinkProvider[] {
  if (given.deployment === undefined || given.deployment === deployment) return own;
  const other = String(given.deployment);
  return providers.filter((each) => each.deployment === other && each.shared);
}

const describeUse = ({ group, job, definition }: LinkUse, alias: string | undefined): string =>
  `Failed to resolve link '${definition.name}' ${alias === undefined ? "with " : `with alias '${alias}' and `}type '${definition.type}' from job '${job.name}' in instance group '${group.name}'.`;

const describeProvider = ({ definition, job, group, deployment }: LinkProvider): string =>
  `\n    - Link provider '${definition}' from job '${job}' in instance group '${group}' in deployment '${deployment}'`;
