import { type Json, isArray, isObject, type JsonObject, stringOf } from "../client/http/json.ts";
import type { Service } from "../client/catalog.ts";
import type { DataClient, Login, Tls } from "./plane.ts";

/**
 * Where the parts of a login lie in the credentials of a service, as paths: `hosts.0`, `valkey.password`. What is left out is
 * looked for under the usual names.
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

/** What suggests a client, and what applies if the credentials say nothing. */
interface ClientSigns {
  readonly scheme: RegExp;
  readonly port: number;
  /** Names and tags of services. */
  readonly words: RegExp;
  readonly usual: { readonly username?: string; readonly database?: string };
}

const CLIENTS: Readonly<Record<DataClient, ClientSigns>> = {
  postgresql: { scheme: /^postgres(ql)?:$/, port: 5432, words: /postgres|\bpg\b/i, usual: {} },
  redis: { scheme: /^rediss?:$/, port: 6379, words: /redis|valkey/i, usual: { username: "default", database: "0" } },
};
const CLIENT_NAMES: readonly DataClient[] = ["postgresql", "redis"];

/** A login, or why there is none. */
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
  if (uri !== undefined) return CLIENT_NAMES.find((name) => CLIENTS[name].scheme.test(uri.protocol));
  const tags = isArray(service.raw["tags"]) ? service.raw["tags"].map(String) : [];
  return (
    CLIENT_NAMES.find((name) => String(CLIENTS[name].port) === port) ??
    CLIENT_NAMES.find((name) => [service.name, ...tags].some((word) => CLIENTS[name].words.test(word)))
  );
}

function tlsOf(uri: URL | undefined, ca: string | undefined): Tls | undefined {
  if (uri?.protocol === "rediss:") return { isVerified: true, ...(ca === undefined ? {} : { ca }) };
  if (uri?.protocol === "redis:") return undefined;
  const mode = uri?.searchParams.get("sslmode") ?? (ca === undefined ? "disable" : "verify-full");
  if (mode === "disable" || mode === "allow" || mode === "prefer") return undefined;
  return { isVerified: mode.startsWith("verify"), ...(ca === undefined ? {} : { ca }) };
}

/** Part of a uri; a badly encoded one is taken as it is. */
export function decodeUriPart(text: string): string | undefined {
  if (text === "") return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The login that a binding's credentials give, if there is a client for it: by the scheme of the uri, or without a uri by the port, the name or the
 * tags of the service.
 */
export function loginOf(credentials: JsonObject, service: Service, map: CredentialMap = {}): LoginResult {
  const text = findPart(credentials, map, "uri");
  const uri = text === undefined ? undefined : (URL.parse(text) ?? undefined);
  const port = findPart(credentials, map, "port");
  const client = map.client ?? clientOf(service, uri, port);
  if (client === undefined && uri !== undefined) return { reason: `no data client for ${uri.protocol}//…` };
  if (client === undefined)
    return {
      reason: `no data client for credentials with ${Object.keys(credentials).join(", ") || "nothing in them"}`,
    };
  const { scheme, port: usualPort, usual } = CLIENTS[client];
  const own = uri !== undefined && scheme.test(uri.protocol) ? uri : undefined;
  const host = findPart(credentials, map, "host") ?? decodeUriPart(own?.hostname ?? "");
  const username = findPart(credentials, map, "username") ?? decodeUriPart(own?.username ?? "") ?? usual.username;
  const password = findPart(credentials, map, "password") ?? decodeUriPart(own?.password ?? "");
  // "name" need not be the database's: the uri takes precedence over it, and a map over both.
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
