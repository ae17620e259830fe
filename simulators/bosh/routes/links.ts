import { requireDeployment } from "../state/lookup.ts";
import { asFields, type Fields, isHash } from "../configs/fields.ts";
import { bodyJson, type HttpReply } from "../../kernel/index.ts";
import { teamScopes } from "../auth/scopes.ts";
import { connect } from "../links/connect.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Link, LinkConsumer, LinkProvider } from "../state/links.ts";
import { requireScopes } from "../wire/access.ts";
import { isNil } from "../wire/bodies.ts";
import type { RequestContext } from "../wire/context.ts";
import { DirectorError } from "../wire/errors.ts";
import { readRowId } from "../wire/integers.ts";
import { brokenReply, emptyReply, htmlJson } from "../wire/replies.ts";
import { type DirectorRoute, route } from "../wire/route.ts";
import { utc } from "../wire/times.ts";

/** @throws DirectorError 190024, 70000, 600000 */
function deploymentInQuery({ director, query, caller }: RequestContext): Deployment {
  const name = query.get("deployment");
  if (name === null) {
    requireScopes(caller, teamScopes([], "read", director.uuid));
    throw new DirectorError(190024, "Deployment name is required");
  }
  const deployment = requireDeployment(director, name);
  requireScopes(caller, teamScopes(deployment.teams, "read", director.uuid));
  return deployment;
}

const providerView = (each: LinkProvider): object => ({
  id: String(each.id),
  name: each.name,
  shared: each.shared,
  deployment: each.deployment,
  link_provider_definition: { type: each.type, name: each.definition },
  owner_object: { type: each.kind, name: each.job, info: { instance_group: each.group } },
});

const consumerView = (each: LinkConsumer): object => ({
  id: String(each.id),
  name: each.name,
  optional: each.optional,
  deployment: each.deployment,
  owner_object: {
    type: each.ownerType,
    name: each.owner,
    ...(each.group === null ? {} : { info: { instance_group: each.group } }),
  },
  link_consumer_definition: { name: each.definition, type: each.type },
});

const linkView = (each: Link): object => ({
  id: String(each.id),
  name: each.name,
  link_consumer_id: String(each.consumerId),
  link_provider_id: each.providerId === null ? "" : String(each.providerId),
  created_at: utc(each.createdMs),
});

function listProviders(context: RequestContext): HttpReply {
  const { name } = deploymentInQuery(context);
  return htmlJson(
    200,
    context.director.slot.value.links.providers.filter((each) => each.deployment === name).map(providerView),
  );
}

function listConsumers(context: RequestContext): HttpReply {
  const { name } = deploymentInQuery(context);
  return htmlJson(
    200,
    context.director.slot.value.links.consumers.filter((each) => each.deployment === name).map(consumerView),
  );
}

function listLinks(context: RequestContext): HttpReply {
  const { name } = deploymentInQuery(context);
  const state = context.director.slot.value.links;
  const own = new Set(state.consumers.filter((each) => each.deployment === name).map(({ id }) => id));
  return htmlJson(200, state.links.filter(({ consumerId }) => own.has(consumerId)).map(linkView));
}

const invalidRequest = (what: string): DirectorError => new DirectorError(810001, `Invalid request: ${what}`);

/** A link requested from outside, by an on-demand broker for example. */
interface LinkRequest {
  readonly provider: LinkProvider;
  readonly owner: string;
  readonly network: string | null;
}

/** @throws DirectorError 810001, 810002, 810003, 810009 */
function readLinkRequest(context: RequestContext, body: Fields): LinkRequest {
  const id = body.link_provider_id;
  if (isNil(id) || id === "") throw invalidRequest("`link_provider_id` must be provided");
  if (typeof id !== "string") throw invalidRequest("`link_provider_id` must be a String");
  const owner = readOwner(body.link_consumer);
  const row = readRowId(id, 64);
  const provider = context.director.slot.value.links.providers.find((each) => BigInt(each.id) === row);
  if (provider === undefined) throw new DirectorError(810002, `Invalid link_provider_id: ${String(id)}`);
  if (!provider.shared) throw new DirectorError(810009, "Provider not `shared`");
  const network = isNil(body.network) ? null : String(body.network);
  if (network !== null && !networksOf(context, provider).includes(network))
    throw new DirectorError(
      810003,
      `Can't resolve network: \`${network}\` in provider id: ${provider.id} for \`${owner}\``,
    );
  return { provider, owner, network };
}

/** The name of an external consumer. @throws DirectorError 810001 */
function readOwner(consumer: unknown): string {
  if (isNil(consumer)) throw invalidRequest("`link_consumer` section must be defined");
  const owner = asFields(consumer).owner_object;
  if (isNil(owner)) throw invalidRequest("`link_consumer.owner_object` section must be defined");
  const { type, name } = asFields(owner);
  if (type !== "external") throw invalidRequest("`link_consumer.owner_object.type` should be 'external'");
  if (isNil(name) || name === "") throw invalidRequest("`link_consumer.owner_object.name` must not be empty");
  return String(name);
}

function create(context: RequestContext): HttpReply {
  const { director, request } = context;
  const body = bodyJson(request);
  if (!body.ok || !isHash(body.value)) return brokenReply;
  const { provider, owner, network } = readLinkRequest(context, body.value);
  const consumer = externalConsumer(context, provider, owner);
  const options = { name: provider.definition, network, nowMs: director.kernel.nowMs };
  return htmlJson(200, linkView(connect(director.slot.value.links, consumer, provider, options)));
}

function networksOf({ director }: RequestContext, provider: LinkProvider): readonly string[] {
  const instances = director.slot.value.deployments.get(provider.deployment)?.instances ?? [];
  return instances
    .filter(({ group }) => group === provider.group)
    .flatMap(({ ips }) => ips.map(({ network }) => network));
}

function externalConsumer({ director }: RequestContext, provider: LinkProvider, owner: string): LinkConsumer {
  const state = director.slot.value.links;
  const known = state.consumers.find(
    (each) =>
      each.ownerType === "external" &&
      each.owner === owner &&
      each.deployment === provider.deployment &&
      each.name === provider.name,
  );
  if (known !== undefined) return known;
  const consumer: LinkConsumer = {
    id: ++state.ids.consumers,
    deployment: provider.deployment,
    ownerType: "external",
    owner,
    group: null,
    definition: provider.definition,
    type: provider.type,
    name: provider.name,
    optional: false,
  };
  state.consumers.push(consumer);
  return consumer;
}

/** Only external links may be deleted by hand. @throws DirectorError 810000, 810005 */
function remove({ director, params }: RequestContext): HttpReply {
  const row = readRowId(params.id ?? "", 64);
  const state = director.slot.value.links;
  const link = state.links.find(({ id }) => BigInt(id) === row);
  if (link === undefined) throw new DirectorError(810000, `Invalid link id: ${params.id}`);
  const consumer = state.consumers.find(({ id }) => id === link.consumerId);
  if (consumer?.ownerType !== "external") throw new DirectorError(810005, "Error deleting link: not a external link");
  state.links = state.links.filter((each) => each !== link);
  if (!state.links.some(({ consumerId }) => consumerId === consumer.id))
    state.consumers = state.consumers.filter((each) => each !== consumer);
  return emptyReply();
}

const STATUSES: Readonly<Record<string, number>> = { default: 0, unhealthy: 1, healthy: 3, all: 4 };

/** The DNS name of a link's instances. @throws DirectorError 810000, 810006, 810007, 810008 */
function showAddress(context: RequestContext): HttpReply {
  const { director, query } = context;
  const wanted = query.get("link_id");
  if (wanted === null) throw new DirectorError(810006, "Link id is required");
  if (query.has("azs")) throw new DirectorError(810008, "`azs` param must be array type: `azs[]=`");
  const azs = query.getAll("azs[]");
  const unknown = azs.find((az) => !director.slot.value.zones.includes(az));
  if (unknown !== undefined) throw new DirectorError(810008, `az ${unknown} is not valid`);
  const status = STATUSES[query.get("status") ?? "default"];
  if (status === undefined)
    throw new DirectorError(810007, 'status must be a one of: ["healthy", "unhealthy", "all", "default"]');
  const row = readRowId(wanted, 64);
  const state = director.slot.value.links;
  const link = state.links.find(({ id }) => BigInt(id) === row);
  const provider = state.providers.find(({ id }) => id === link?.providerId);
  if (link === undefined || provider === undefined)
    throw new DirectorError(810000, `Could not find a link with id ${wanted}`);
  const network = link.network ?? networksOf(context, provider)[0] ?? "default";
  const zones = azs.map((az) => `a${director.slot.value.zones.indexOf(az) + 1}`);
  return htmlJson(200, {
    address: `q-${zones.join("")}s${status}.${provider.group}.${network}.${provider.deployment}.bosh`,
  });
}

/** The routes of links, their providers and consumers. */
export const LINKS: readonly DirectorRoute[] = [
  route("GET", "/link_providers", { needs: "anybody" }, listProviders),
  route("GET", "/link_consumers", { needs: "anybody" }, listConsumers),
  route("GET", "/links", { needs: "anybody" }, listLinks),
  route("POST", "/links", { needs: "create_deployment", media: ["application/json"] }, create),
  route("DELETE", "/links/:id", { needs: "create_deployment" }, remove),
  route("GET", "/link_address", { needs: "read_link" }, showAddress),
];
