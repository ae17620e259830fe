import { bodyText, type HttpReply, type HttpRequest, readBearer } from "../../kernel/index.ts";
import { type Agent, serverAddress } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import { ALLOW_ALL, type Authorizer } from "../state/acl-authorizer.ts";
import { AS_IT_IS, BY_WAN, type Translation } from "../state/wan.ts";
import { decodeJson } from "./json/decode.ts";
import { JsonError } from "./json/parse.ts";
import { printJson } from "./json/print.ts";
import type { Decoded, DecodedStruct, Shape, Struct, StructFields } from "./json/shape.ts";
import type { ViewStyle } from "./views.ts";
import { HttpError, NoLeader, refuseBadRequest } from "./refusal.ts";

/** The agent that a request has reached, and the others to which it can turn. */
export interface ConsulSim {
  readonly cluster: Cluster;
  readonly agent: Agent;
}

/** The refusal of an agent that reaches no server of a known datacenter. */
function unreachable(cluster: Cluster, datacenter: Datacenter, from: string): string {
  const [server] = cluster.peersOf(datacenter);
  const to = server === undefined ? "" : serverAddress(server);
  return `rpc error getting client: failed to get conn: dial tcp ${from}:0->${to}: connect: connection refused`;
}

/** One request as its handler sees it. */
export class ConsulCall {
  readonly sim: ConsulSim;
  readonly agent: Agent;
  readonly request: HttpRequest;
  readonly query: URLSearchParams;
  /** Secret of the caller's ACL token; empty for none. */
  readonly token: string;
  readonly #authorizers = new Map<Datacenter, Authorizer>();

  constructor(sim: ConsulSim, request: HttpRequest) {
    this.sim = sim;
    this.agent = sim.agent;
    this.request = request;
    this.query = new URLSearchParams(request.query);
    this.token = tokenOf(this.query, request);
  }

  param(name: string): string {
    return this.request.params[name] ?? "";
  }

  /** The part of the path after the route's last `/`; may be empty. */
  get rest(): string {
    return this.param("rest");
  }

  get text(): string {
    return bodyText(this.request);
  }

  /** Whether `?name` is given, with a value or without. */
  flag(name: string): boolean {
    return this.query.has(name);
  }

  json(value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): HttpReply {
    const filtered = this.hasFiltered ? FILTERED : {};
    return {
      status,
      headers: { "Content-Type": "application/json", ...filtered, ...headers },
      body: this.print(value),
    };
  }

  /** JSON whose headers don't say whether something was left out. */
  unmarkedJson(value: unknown, headers: Readonly<Record<string, string>>, status = 200): HttpReply {
    return { status, headers: { "Content-Type": "application/json", ...headers }, body: this.print(value) };
  }

  /** How this agent's release shows objects. */
  get style(): ViewStyle {
    return { isToday: this.agent.options.profile.isToday, datacenter: this.agent.datacenter.name };
  }

  /** A body as this agent writes it: a development agent always indents. */
  print(value: unknown): string {
    const { isDev, profile } = this.agent.options;
    const isAsked = this.query.has("pretty");
    const text = printJson(value, isDev || isAsked);
    return isAsked || (isDev && profile.endsInNewline) ? `${text}\n` : text;
  }

  /** The datacenter to which the request is addressed: that of `?dc=` unless one is given. @throws HttpError, NoLeader */
  datacenter(name = this.query.get("dc") || ""): Datacenter {
    const { cluster, agent } = this.sim;
    const own = agent.datacenter;
    const found = name === "" || name === own.name ? own : cluster.datacenters.get(name);
    const reach = found === undefined ? "unknown" : found === own ? "reached" : cluster.reachOf(found);
    if (found === undefined || reach === "unknown") throw new HttpError(500, "No path to datacenter");
    if (reach === "unreachable") throw new HttpError(500, unreachable(cluster, found, agent.options.address));
    const isStale = this.request.method === "GET" && this.query.has("stale") && found.hasData;
    if (!found.hasLeader && !isStale) throw new NoLeader();
    return found;
  }

  /** How this agent shows the addresses of a datacenter. */
  translation(datacenter: string): Translation {
    const translates = this.agent.options.config.translate_wan_addrs === true;
    return translates && datacenter !== this.agent.datacenter.name ? BY_WAN : AS_IT_IS;
  }

  /** Whether something was left out of what the caller reads because its token may not see it. */
  get hasFiltered(): boolean {
    for (const { hasFiltered, holder } of this.#authorizers.values())
      if (hasFiltered && holder?.isAnonymous === false) return true;
    return false;
  }

  /** @throws HttpError 403 unless the caller has a right; `older` is the text of older releases */
  require(authorizer: Authorizer, resource: string, access: "read" | "write", name = "", older = ""): void {
    const may = access === "write" ? authorizer.writes(resource, name) : authorizer.reads(resource, name);
    if (may) return;
    throw new HttpError(
      403,
      authorizer.denial(resource, access, name) + (authorizer.holder === undefined ? older : ""),
    );
  }

  /** @throws HttpError 400 if namespaces or partitions are named, which the open edition lacks */
  refuseEnterprise(): void {
    if (!this.agent.options.profile.isToday) return;
    const { headers } = this.request;
    const given = [
      ["header", "X-Consul-Namespace", headers["x-consul-namespace"], "Namespaces"],
      ["query parameter", "ns", this.query.get("ns"), "Namespaces"],
      ["header", "X-Consul-Partition", headers["x-consul-partition"], "Partitions"],
      ["query parameter", "partition", this.query.get("partition"), "Partitions"],
    ].find(([, , value]) => Boolean(value));
    if (given === undefined) return;
    const [where, name, , what] = given;
    refuseBadRequest(`Invalid ${where}: "${name}" - ${what} are a Consul Enterprise feature`);
  }

  /** The decoded body. @throws HttpError 400 in Consul's words, after `prefix` */
  decode<const S extends Shape>(shape: S, prefix = "Request decode failed: "): Decoded<S> | undefined {
    try {
      return decodeJson(this.text, shape, this.agent.options.profile.isToday);
    } catch (error) {
      if (error instanceof JsonError) return refuseBadRequest(prefix + error.message);
      throw error;
    }
  }

  /** The caller's rights in a datacenter. @throws HttpError for an unknown token */
  authorizer(datacenter: Datacenter): Authorizer {
    const known = this.#authorizers.get(datacenter);
    if (known !== undefined && known === ALLOW_ALL) return known;
    const found = this.#authorizerOf(datacenter);
    found.hasFiltered ||= known?.hasFiltered ?? false;
    this.#authorizers.set(datacenter, found);
    return found;
  }

  #authorizerOf(datacenter: Datacenter): Authorizer {
    const authorizer = datacenter.acl.resolve(this.token || this.agent.tokens.default);
    if (authorizer === undefined) throw new HttpError(403, "ACL not found");
    return authorizer;
  }
}

const FILTERED = { "X-Consul-Results-Filtered-By-Acls": "true" };

function tokenOf(query: URLSearchParams, { headers }: HttpRequest): string {
  return query.get("token") || headers["x-consul-token"] || readBearer(headers.authorization);
}

/** The decoded body; nothing in it for null. @throws HttpError 400 in Consul's words, behind `prefix` */
export function decodeBody<F extends StructFields>(
  call: ConsulCall,
  shape: Struct<F>,
  prefix = "Request decode failed: ",
): DecodedStruct<F> {
  return call.decode(shape, prefix) ?? {};
}
