import { STATUS_CODES } from "node:http";
import type { ProbeRequest, ProbeResult } from "../behaviour/probe.ts";

interface ProbedRoute {
  readonly status?: number;
  readonly body?: string;
  readonly repeat?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delay_ms?: number;
  readonly echo?: boolean;
}

/** A server that checks may probe, as recordings describe it. A change gives its name and what changes. */
export interface ProbedServer {
  readonly name: string;
  readonly listen?: string;
  readonly kind?: "http" | "tcp" | "udp" | "h2" | "grpc";
  readonly routes?: Readonly<Record<string, ProbedRoute>>;
  readonly reply?: string | null;
  readonly mute?: boolean;
  readonly serving?: number | null;
  readonly down?: boolean;
}

/** The servers of a scenario. */
export class ProbedServers {
  readonly #servers = new Map<string, ProbedServer>();

  constructor(servers: readonly ProbedServer[]) {
    for (const server of servers) this.#servers.set(server.name, server);
  }

  change(server: ProbedServer): void {
    this.#servers.set(server.name, { ...this.#servers.get(server.name), ...server });
  }

  probe(request: ProbeRequest): ProbeResult {
    const url = request.kind === "http" ? new URL(request.url) : undefined;
    const address = request.kind === "http" ? `${url?.hostname}:${url?.port || 80}` : request.address;
    const host = address.slice(0, address.lastIndexOf(":"));
    if (!/^[\d.]+$|^\[.*\]$|^localhost$/.test(host)) return { kind: "unresolved", host };
    const wanted = address.replace("localhost", "127.0.0.1");
    const server = [...this.#servers.values()].find(({ listen }) => listen === wanted);
    if (server === undefined || server.down === true) return { kind: "refused" };
    switch (server.kind) {
      case "http":
        return request.kind === "http"
          ? answerHttp(server, request, url?.pathname ?? "/", url?.search ?? "")
          : { kind: "up" };
      case "udp":
        return typeof server.reply === "string" ? { kind: "up" } : { kind: "silent" };
      case "h2":
        return server.mute === true ? { kind: "timeout" } : { kind: "up" };
      case "grpc":
        return answerGrpc(server);
      default:
        return request.kind === "tcp" && request.usesTls === true ? { kind: "failed", error: "EOF" } : { kind: "up" };
    }
  }
}

const SERVING = 1;

function answerGrpc({ serving }: ProbedServer): ProbeResult {
  if (serving === null || serving === undefined)
    return { kind: "failed", error: "rpc error: code = NotFound desc = unknown service" };
  return serving === SERVING ? { kind: "up" } : { kind: "failed", error: "NOT_SERVING" };
}

type HttpProbe = Extract<ProbeRequest, { kind: "http" }>;

function answerHttp(server: ProbedServer, request: HttpProbe, path: string, search: string): ProbeResult {
  const { routes = {} } = server;
  const route = routes[`${request.method} ${path}`] ?? routes[path] ?? routes["*"];
  if (route === undefined) return httpResult(404, "no route");
  if ((route.delay_ms ?? 0) > request.timeoutMs) return { kind: "timeout" };
  const location = route.headers?.Location ?? route.headers?.location;
  const isRedirect = route.status !== undefined && route.status >= 300 && route.status < 400 && location !== undefined;
  if (isRedirect && request.followsRedirects) {
    const next = new URL(location, request.url);
    return answerHttp(server, { ...request, method: "GET", url: next.href }, next.pathname, next.search);
  }
  const body = route.echo === true ? echoOf(request, path + search) : (route.body ?? "").repeat(route.repeat ?? 1);
  return httpResult(route.status ?? 200, body);
}

const httpResult = (status: number, body: string): ProbeResult => ({
  kind: "http",
  status,
  statusText: STATUS_CODES[status] ?? "",
  body,
});

/** The default headers of Consul's client. */
const USUAL: readonly (readonly [string, string])[] = [
  ["accept", "text/plain, text/*, */*"],
  ["accept-encoding", "gzip"],
  ["connection", "close"],
  ["user-agent", "Consul Health Check"],
];

function echoOf({ method, headers, body, url }: HttpProbe, target: string): string {
  const { host } = new URL(url);
  const sent = Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values.at(-1) ?? ""] as const);
  const all = new Map([...USUAL, ["host", host], ...sent]);
  const lines = [...all].map(([name, value]) => `${name}: ${value}`).sort();
  return [`${method} ${target}`, ...lines, "", body].join("\n");
}
