import { type HttpRequest, type Route } from "../../kernel/index.ts";
import type { ConsulSim } from "./call.ts";

/** The router's knowledge about the paths of a release. */
export interface Paths {
  /** Paths that end in `/`; the same path without it is redirected to them. */
  readonly subtrees: ReadonlySet<string>;
  /** Verbs by pattern: a path, or a prefix that ends in `/`. The longest that matches a request decides, whatever its verb. */
  readonly patterns: ReadonlyMap<string, readonly string[]>;
}

/** The router's knowledge about these routes. */
export function pathsOf(routes: readonly Route<ConsulSim>[]): Paths {
  const subtrees = new Set(
    routes.filter(({ path }) => path.endsWith("/") && path !== "/" && path !== "/v1/query/").map(({ path }) => path),
  );
  const verbs = new Map<string, Set<string>>();
  for (const { method, path } of routes) {
    const pattern = path.replace(/[:*].*$/, "");
    verbs.set(pattern, (verbs.get(pattern) ?? new Set()).add(method));
  }
  for (const path of verbs.keys()) if (verbs.has(path.replace(/\/$/, ""))) subtrees.delete(path);
  return { subtrees, patterns: new Map([...verbs].map(([pattern, methods]) => [pattern, [...methods]])) };
}

/** A path without empty, `.` and `..` segments. */
export function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  return `/${kept.join("/")}${path.endsWith("/") && kept.length > 0 ? "/" : ""}`;
}

/** The longest pattern that a path matches. */
export function patternOf({ patterns }: Paths, path: string): string | undefined {
  if (patterns.has(path)) return path;
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1))
    if (patterns.has(path.slice(0, end + 1))) return path.slice(0, end + 1);
  return undefined;
}

const ORDER = ["GET", "PUT", "POST", "DELETE"];

/** Verbs of a path in Consul's order; the handlers of queries don't know OPTIONS. */
export function allowOf(path: string, allowed: readonly string[]): string {
  const known = [...allowed].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  if (path.startsWith("/v1/query/")) return known.filter((method) => method !== "POST").join(",");
  return ["OPTIONS", ...(path === "/v1/query" ? ["GET", "POST"] : known)].join(",");
}

/** The media type of a reply without a body, depending on the request (Consul 1.22, `api/content_type.go`). */
export function emptyType({ method, path, headers }: HttpRequest): string {
  if (method === "GET" || method === "DELETE" || path.startsWith("/v1/internal"))
    return headers["content-type"] || "application/json; charset=utf-8";
  const isBinary = method === "PUT" && BINARY_PATHS.some((each) => path.startsWith(each));
  return isBinary ? "application/octet-stream" : "application/json; charset=utf-8";
}

const BINARY_PATHS = ["/v1/snapshot", "/v1/kv", "/v1/event/fire"];
