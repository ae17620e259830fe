import { type Json, isArray, isObject, type JsonObject, stringOf } from "../client/http/json.ts";
import type { Service } from "../client/catalog.ts";
import type { Login, Tls } from "./plane.ts";

/**
 * Where the parts of a login lie in the credentials of a service, as paths: `hosts.0`, `valkey.password`. What is left out is
 * looked for under the usual names.
 */
interface CredentialMap {
  readonly client?: "postgresql";
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

const SCHEME = /^postgres(ql)?:$/;
const POSTGRES_PORT = 5432;

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

function speaksPostgres(service: Service): boolean {
  const tags = isArray(service.raw["tags"]) ? service.raw["tags"].map(String) : [];
  return [service.name, ...tags].some((word) => /postgres|\bpg\b/i.test(word));
}

function tlsOf(uri: URL | undefined, ca: string | undefined): Tls | undefined {
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
 * The login that a binding's credentials give, where a client for it is at hand: PostgreSQL, by the scheme of the uri, or by
 * the port, the name or the tags of the service when there is no uri.
 */
export function loginOf(credentials: JsonObject, service: Service, map: CredentialMap = {}): LoginResult {
  const text = findPart(credentials, map, "uri");
  const uri = text === undefined ? undefined : (URL.parse(text) ?? undefined);
  const port = findPart(credentials, map, "port");
  const isMeant = map.client === "postgresql";
  if (uri !== undefined && !SCHEME.test(uri.protocol) && !isMeant)
    return { reason: `no data client for ${uri.protocol}//…` };
  if (uri === undefined && !isMeant && port !== String(POSTGRES_PORT) && !speaksPostgres(service))
    return {
      reason: `no data client for credentials with ${Object.keys(credentials).join(", ") || "nothing in them"}`,
    };
  const own = uri !== undefined && SCHEME.test(uri.protocol) ? uri : undefined;
  const host = findPart(credentials, map, "host") ?? decodeUriPart(own?.hostname ?? "");
  const username = findPart(credentials, map, "username") ?? decodeUriPart(own?.username ?? "");
  const password = findPart(credentials, map, "password") ?? decodeUriPart(own?.password ?? "");
  // "name" need not be the database's: the uri takes precedence over it, and a map over both.
  const inUri = map.database === undefined ? decodeUriPart(own?.pathname.slice(1) ?? "") : undefined;
  const database = inUri ?? findPart(credentials, map, "database");
  const missing = Object.entries({ host, username, password, database }).filter(([, value]) => value === undefined);
  if (host === undefined || username === undefined || password === undefined || database === undefined)
    return { reason: `the credentials hold no ${missing.map(([name]) => name).join(", ")}` };
  const tls = tlsOf(own, findPart(credentials, map, "ca"));
  const number = Number(port ?? (own?.port || POSTGRES_PORT));
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return { reason: `the port is ${port}` };
  return { login: { client: "postgresql", host, port: number, username, password, database, ...(tls && { tls }) } };
}
