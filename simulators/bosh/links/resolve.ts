import type { Fields } from "../configs/fields.ts";
import type { Manifest } from "../deploy/manifest.ts";
import type { ReleaseVersion } from "../state/artifacts.ts";
import type { Director } from "../state/director.ts";
import type { LinkConsumer, LinkProvider, Links } from "../state/links.ts";
import { DirectorError, UNCLASSED } from "../wire/errors.ts";
import { connect, dropDangling } from "./connect.ts";
import { describeFailure } from "./messages.ts";
import { planProviders } from "./providers.ts";
import { isManual } from "./settings.ts";
import { matchVariables } from "./variables.ts";
import { findConsumed, findVariableUses, isNil, type LinkUse, settingFor } from "./uses.ts";

/** A link that a job consumes: the name within the job, and its source. */
export interface ResolvedLink {
  readonly group: string;
  readonly job: string;
  readonly name: string;
  readonly source: LinkSource;
}

/** The source of a link: a provider, or contents that the manifest states itself. */
export type LinkSource =
  | {
      readonly kind: "provider";
      readonly provider: LinkProvider;
      /** The network that supplies the addresses; undefined for the provider's default. */
      readonly network: string | undefined;
      /** Whether addresses are IP addresses; undefined for the provider's choice. */
      readonly usesIps: boolean | undefined;
    }
  | { readonly kind: "manual"; readonly content: Fields };

/** The links of a deployment according to its manifest. */
export interface LinkPlan {
  readonly resolved: readonly ResolvedLink[];
  /** All links of the director once this plan is adopted. */
  readonly linkTable: Links;
  /** What the deployment itself provides, and what it provided last: the director forgets that only after a success. */
  readonly provided: readonly LinkProvider[];
  /** Errors that are reported only when the links are bound, while the deployment is prepared. */
  readonly late: readonly string[];
}

/**
 * Matches the links that the jobs and variables of a manifest consume with their providers
 * (links/links_manager.rb in bosh-director). Pure: the given table is not changed.
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
  const uses = findConsumed(manifest, releases);
  const open = own.filter(isOpen);
  const kept = new Set(own.map(({ id }) => id));
  const stale = table.providers.filter((each) => each.deployment === deployment && !kept.has(each.id));
  const ofVariables = matchVariables(next, deployment, findVariableUses(manifest), open);
  const matched = matchConsumers(next, deployment, uses, open, ofVariables.errors);
  const isOther = (each: { readonly deployment: string }): boolean => each.deployment !== deployment;
  const external = next.consumers.filter((each) => !isOther(each) && each.ownerType === "external");
  next.providers = [...next.providers.filter(isOther), ...own];
  next.consumers = [...next.consumers.filter(isOther), ...ofVariables.consumers, ...matched.consumers, ...external];
  const named = ofVariables.links.map(({ consumer, provider }) =>
    connect(next, consumer, provider, { name: consumer.definition, network: null, nowMs }),
  );
  const ofJobs = matched.resolved.map(({ consumer, source, name }) => {
    const provider = source.kind === "provider" ? source.provider : manualOf(own, consumer);
    const network = source.kind === "provider" ? (source.network ?? null) : null;
    return connect(next, consumer, provider, { name, network, nowMs });
  });
  const used = new Set([...named, ...ofJobs].map(({ id }) => id));
  // Drops the links that a consumer no longer uses.
  const ownIds = new Set([...ofVariables.consumers, ...matched.consumers].map(({ id }) => id));
  next.links = next.links.filter(({ id, consumerId }) => !ownIds.has(consumerId) || used.has(id));
  dropDangling(next);
  return { resolved: matched.resolved, linkTable: next, provided: [...own, ...stale], late: matched.late };
}

/** Whether a consumer can be matched with it. */
const isOpen = ({ kind, isWithheld }: LinkProvider): boolean => kind !== "manual" && !isWithheld;

/** What the manifest itself says of a link, as its provider. */
const manualOf = (own: readonly LinkProvider[], { group, owner, definition }: LinkConsumer): LinkProvider | null =>
  own.find(
    (each) => each.kind === "manual" && each.group === group && each.job === owner && each.definition === definition,
  ) ?? null;

/** Adopts a planned table of links. */
export function commitLinks(director: Director, { providers, consumers, links, ids }: Links): void {
  const table = director.slot.value.links;
  Object.assign(table, { providers, consumers, links });
  Object.assign(table.ids, ids);
}

/** @throws DirectorError 100 for a link whose network its provider does not have */
export function refuseLate({ late }: Pick<LinkPlan, "late">, deployment: string): void {
  if (late.length > 0) throw failure(deployment, late);
}

const failure = (deployment: string, errors: readonly string[]): DirectorError =>
  new DirectorError(
    UNCLASSED,
    `Failed to resolve links from deployment '${deployment}'. See errors below:\n  - ${errors.join("\n  - ")}`,
  );

const copyTable = ({ providers, consumers, links, ids }: Links): Links => ({
  providers: [...providers],
  consumers: [...consumers],
  links: [...links],
  ids: { ...ids },
});

interface Matched {
  readonly consumers: readonly LinkConsumer[];
  readonly resolved: readonly (ResolvedLink & { readonly consumer: LinkConsumer })[];
  readonly late: readonly string[];
}

/** @throws DirectorError 100 */
function matchConsumers(
  table: Links,
  deployment: string,
  uses: readonly LinkUse[],
  own: readonly LinkProvider[],
  before: readonly string[],
): Matched {
  const errors = [...before];
  const late: string[] = [];
  const consumers: LinkConsumer[] = [];
  const resolved: (ResolvedLink & { readonly consumer: LinkConsumer })[] = [];
  for (const use of uses) {
    const consumer = planConsumer(table, deployment, use);
    consumers.push(consumer);
    if (isNil(use.job.consumes, use.definition.name)) {
      // Blocked: treated as if there were no provider, which only an optional link tolerates.
      if (use.definition.optional !== true) errors.push(describeFailure(use, use.definition.name, []));
      continue;
    }
    const match = matchSource(table, deployment, use, own);
    if (match.error !== undefined) errors.push(match.error);
    if (match.late !== undefined) late.push(match.late);
    const { group, job, definition } = use;
    if (match.source !== undefined)
      resolved.push({ group: group.name, job: job.name, name: definition.name, source: match.source, consumer });
  }
  if (errors.length > 0) throw failure(deployment, errors);
  return { consumers, resolved, late };
}

/** The name under which a link is looked up: the last part of what the manifest says. */
const aliasOf = ({ job, definition }: LinkUse): string =>
  String(settingFor(job.consumes, definition.name).from ?? definition.name)
    .split(".")
    .at(-1) ?? "";

function planConsumer(table: Links, deployment: string, use: LinkUse): LinkConsumer {
  const { group, job, definition } = use;
  const name = aliasOf(use);
  const key = { deployment, group: group.name, owner: job.name, definition: definition.name };
  const known = table.consumers.find(
    (each) =>
      each.deployment === deployment &&
      each.group === group.name &&
      each.owner === job.name &&
      each.definition === definition.name,
  );
  if (known !== undefined) return { ...known, name };
  const optional = definition.optional === true;
  return { id: ++table.ids.consumers, ...key, ownerType: "job", type: definition.type, name, optional };
}

interface Match {
  readonly source?: LinkSource;
  readonly error?: string;
  readonly late?: string;
}

/** The one source that matches; nothing for an optional link without one. */
function matchSource(table: Links, deployment: string, use: LinkUse, own: readonly LinkProvider[]): Match {
  const { definition, job } = use;
  const given = settingFor(job.consumes, definition.name);
  if (isManual(given)) return { source: { kind: "manual", content: manualContent(given, deployment) } };
  const isExplicit = Object.hasOwn(job.consumes, definition.name);
  const alias = aliasOf(use);
  const fitting = poolOf(table, deployment, given, own).filter(
    (each) => each.type === definition.type && (!isExplicit || each.name === alias),
  );
  const network = given.network === undefined ? undefined : String(given.network);
  const [provider] = fitting;
  if (provider === undefined && !isExplicit && definition.optional === true) return {};
  if (provider === undefined || fitting.length > 1) return { error: describeFailure(use, alias, fitting, network) };
  if (network !== undefined && !provider.dns.networks.includes(network))
    return { late: describeFailure(use, alias, fitting, network) };
  const usesIps = typeof given.ip_addresses === "boolean" ? given.ip_addresses : undefined;
  return { source: { kind: "provider", provider, network, usesIps } };
}

const MANUAL_KEYS = ["instances", "properties", "address"];

const manualContent = (given: Fields, deployment: string): Fields => ({
  ...Object.fromEntries(MANUAL_KEYS.map((key) => [key, given[key] ?? null])),
  deployment_name: deployment,
});

/** The deployment's own providers, or the shared ones of another that the manifest names. */
function poolOf(
  { providers }: Links,
  deployment: string,
  given: Fields,
  own: readonly LinkProvider[],
): readonly LinkProvider[] {
  if (given.deployment === undefined || given.deployment === null || given.deployment === deployment) return own;
  const other = String(given.deployment);
  return providers.filter((each) => each.deployment === other && each.shared && isOpen(each));
}
