import { type Json, isArray, isObject, type JsonObject, stringOf } from "../client/http/json.ts";
import type { Service } from "../client/catalog.ts";
import { type DataClient, ENGINE_SIGNS, ENGINES, SPOKEN } from "./engines.ts";
import type { Login, Tls } from "./plane.ts";

/**
 * The places of a login's parts in the credentials of a service, as paths: `hosts.0`, `valkey.password`.
 * Parts without a path are looked for under the usual names.
 */
interface CredentialMap {
  readonly client?: DataClient;
  readonly uri?: string;
  readonly host?: string;
  readonly port?: string;
  readonly username?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ca?: string;
}

type Part = Exclude<keyof CredentialMap, "client">;

const USUAL: Readonly<Record<Part, readonly string[]>> = {
  uri: ["uri", "url", "connection_string", "database_url"],
  host: ["host", "hostname", "hosts.0", "host.0"],
  port: ["port"],
  username: ["username", "user"],
  password: ["password", "pass"],
  database: ["database", "dbname", "db", "name", "database_name"],
  ca: ["cacrt", "ca", "ca_cert", "sslrootcert"],
};

/** A login, or the reason why there is none. */
type LoginResult = { readonly login: Login } | { readonly reason: string };

function valueAt(credentials: JsonObject, path: string): string | undefined {
  const found = path.split(".").reduce<Json | undefined>((value, step) => {
    if (isArray(value)) return value[Number(step)];
    return isObject(value) ? value[step] : undefined;
  }, credentials);
  return typeof found === "number" ? String(found) : stringOf(found);
}

function findPart(credentials: JsonObject, map: CredentialMap, name: Part): string | undefined {
  const named = map[name];
  const paths = named === undefined ? USUAL[name] : [named];
  return paths.map((path) => valueAt(credentials, path)).find((value) => value !== undefined && value !== "");
}

function clientOf(service: Service, uri: URL | undefined, port: string | undefined): DataClient | undefined {
  const tags = isArray(service.raw["tags"]) ? service.raw["tags"].map(String) : [];
  const byWords = ENGINES.find((name) => [service.name, ...tags].some((word) => ENGINE_SIGNS[name].words.test(word)));
  // The URL of a search engine is an http URL; the scheme of any other names the engine.
  if (uri !== undefined && /^https?:$/.test(uri.protocol)) return byWords === "search" ? byWords : undefined;
  if (uri !== undefined) return ENGINES.find((name) => ENGINE_SIGNS[name].scheme.test(uri.protocol));
  return ENGINES.find((name) => String(ENGINE_SIGNS[name].port) === port) ?? byWords;
}

function tlsOf(uri: URL | undefined, ca: string | undefined): Tls | undefined {
  if (uri?.protocol === "rediss:") return { isVerified: true, ...(ca === undefined ? {} : { ca }) };
  if (uri?.protocol === "redis:") return undefined;
  if (uri?.protocol === "amqps:" || uri?.protocol === "https:")
    return { isVerified: true, ...(ca === undefined ? {} : { ca }) };
  if (uri?.protocol === "mongodb:") {
    const isSecured = [uri.searchParams.get("tls"), uri.searchParams.get("ssl")].includes("true");
    return isSecured ? { isVerified: true, ...(ca === undefined ? {} : { ca }) } : undefined;
  }
  const mode = uri?.searchParams.get("sslmode") ?? (ca === undefined ? "disable" : "verify-full");
  if (mode === "disable" || mode === "allow" || mode === "prefer") return undefined;
  return { isVerified: mode.startsWith("verify"), ...(ca === undefined ? {} : { ca }) };
}

/** Decodes part of a uri; takes a badly encoded one literally. */
export function decodeUriPart(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function reasonAgainst(credentials: JsonObject, client: DataClient | undefined, uri: URL | undefined): string {
  const how =
    client === undefined ? "" : `: a program can speak to ${ENGINE_SIGNS[client].title} (data.exec in drydock.yml)`;
  if (uri !== undefined) return `no data client for ${uri.protocol}//…${how}`;
  return `no data client for credentials with ${Object.keys(credentials).join(", ") || "nothing in them"}${how}`;
}

/**
 * The login in a binding's credentials, if there is a client for it. The engine follows from the scheme of
 * the uri, or without a uri from the port, the name or the tags of the service.
 */
export function loginOf(
  credentials: JsonObject,
  service: Service,
  map: CredentialMap = {},
  spoken: ReadonlySet<DataClient> = SPOKEN,
): LoginResult {
  const text = findPart(credentials, map, "uri");
  const uri = text === undefined ? undefined : (URL.parse(text) ?? undefined);
  const port = findPart(credentials, map, "port");
  const client = map.client ?? clientOf(service, uri, port);
  if (client === undefined || !spoken.has(client)) return { reason: reasonAgainst(credentials, client, uri) };
  const { scheme, port: usualPort, usual } = ENGINE_SIGNS[client];
  const isOwn = uri !== undefined && (scheme.test(uri.protocol) || /^https?:$/.test(uri.protocol));
  const own = isOwn ? uri : undefined;
  const host = findPart(credentials, map, "host") ?? decodeUriPart(own?.hostname ?? "");
  const username = findPart(credentials, map, "username") ?? decodeUriPart(own?.username ?? "") ?? usual.username;
  const password = findPart(credentials, map, "password") ?? decodeUriPart(own?.password ?? "");
  // "name" need not be that of the database, so the uri takes precedence over it, and a map over both.
  const inUri = map.database === undefined ? decodeUriPart(own?.pathname.slice(1) ?? "") : undefined;
  const database = inUri ?? usual.database ?? findPart(credentials, map, "database");
  const missing = Object.entries({ host, username, password, database }).filter(([, value]) => value === undefined);
  if (host === undefined || username === undefined || password === undefined || database === undefined)
    return { reason: `the credentials hold no ${missing.map(([name]) => name).join(", ")}` };
  const tls = tlsOf(own, findPart(credentials, map, "ca"));
  const number = Number(port ?? (own?.port || usualPort));
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return { reason: `the port is ${port}` };
  return { login: { client, host, port: number, username, password, database, ...(tls && { tls }) } };
}
