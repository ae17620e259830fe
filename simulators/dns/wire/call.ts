import { bodyText, type HttpReply, type HttpRequest, readBearer } from "../../kernel/index.ts";
import type { Agent } from "../behaviour/agent.ts";
import type { Cluster } from "../behaviour/cluster.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-rules.ts";
import { AS_IT_IS, BY_WAN, type Translation } from "../state/wan.ts";
import { decodeJson } from "./json/decode.ts";
import { JsonError } from "./json/parse.ts";
import { printJson } from "./json/print.ts";
import type { DecodedStruct, Struct, StructFields } from "./json/shape.ts";
import type { ViewStyle } from "./views.ts";
import { HttpError, NoLeader, refuseBadRequest } from "./refusal.ts";

/** The agent that a request has reached, and the others to which it can turn. */
export interface ConsulSim {
  readonly cluster: Cluster;
  readonly agent: Agent;
}

/** One request as its handler sees it. */
export class ConsulCall {
  readonly sim: ConsulSim;
  readonly agent: Agent;
  readonly request: HttpRequest;
  readonly query: URLSearchParams;
  /** Secret of the caller's ACL token; empty for none. */
  readonly token: string;

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
    return (isAsked || (isDev && profile.endsInNewline)) ? `${text}\n` : text;
  }

  /** The datacenter to which the request is addressed: that of `?dc=` unless one is given. @throws HttpError, NoLeader */
  datacenter(name = this.query.get("dc") || ""): Datacenter {
    const { cluster, agent } = this.sim;
    const own = agent.datacenter;
    const found = name === "" || name === own.name ? own : cluster.datacenters.get(name);
    if (found === undefined || (found !== own && cluster.serversOf(found).length === 0))
      throw new HttpError(500, "No path to datacenter");
    const isStale = this.request.method === "GET" && this.query.has("stale") && found.hasData;
    if (!found.hasLeader && !isStale) throw new NoLeader();
    return found;
  }

  /** How this agent shows the addresses of a datacenter. */
  translation(datacenter: string): Translation {
    const translates = this.agent.options.config.translate_wan_addrs === true;
    return translates && datacenter !== this.agent.datacenter.name ? BY_WAN : AS_IT_IS;
  }

  /** What the caller may do in a datacenter. @throws HttpError for an unknown token */
  authorizer(datacenter: Datacenter): Authorizer {
    const authorizer = datacenter.acl.resolve(this.token || this.agent.tokens.default);
    if (authorizer === undefined) throw new HttpError(403, "ACL not found");
    return authorizer;
  }
}

function tokenOf(query: URLSearchParams, { headers }: HttpRequest): string {
  return query.get("token") || headers["x-consul-token"] || readBearer(headers.authorization);
}

/** The decoded body; nothing in it for null. @throws HttpError 400 in Consul's words, behind `prefix` */
export function decodeBody<F extends StructFields>(
  call: ConsulCall,
  shape: Struct<F>,
  prefix = "Request decode failed: ",
): DecodedStruct<F> {
  try {
    return decodeJson(call.text, shape) ?? {};
  } catch (error) {
    if (error instanceof JsonError) return refuseBadRequest(prefix + error.message);
    throw error;
  }
}
