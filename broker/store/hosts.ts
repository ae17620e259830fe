import { ConfigError } from "../config.ts";

/** The servers of a database, one of which takes writes. */
export interface DatabaseServers {
  /** A URL for each server, in the order in which they are tried. */
  readonly urls: readonly string[];
  /** Whether a server is used only if it takes writes. */
  readonly mustTakeWrites: boolean;
}

/** `scheme://login@` · hosts · `/database` · `?parameters`. */
const FORM = /^(postgres(?:ql)?:\/\/(?:[^@/?]*@)?)([^/?]*)(\/[^?]*)?(?:\?(.*))?$/;

/**
 * The required properties of a session, in libpq's terms. A broker writes, so `any` makes sense for a single
 * server only.
 */
const ATTRIBUTES: Readonly<Record<string, boolean>> = { any: false, "read-write": true, primary: true };

const canParse = (url: string): boolean => URL.canParse(url.replace(/^postgres(ql)?:/, "http:"));

/**
 * Reads a connection URI as libpq does (PostgreSQL manual, "Connection Strings"): hosts are separated by commas, `target_session_attrs` is `any`,
 * `read-write` or `primary`. With several hosts, its default is `read-write`.
 *
 * @throws ConfigError CONFIG_BAD_DATABASE
 */
export function parseDatabaseUrl(url: string): DatabaseServers {
  const match = FORM.exec(url);
  if (match === null) throw new ConfigError("CONFIG_BAD_DATABASE");
  const [, login = "", hosts = "", database = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  const names = hosts.split(",");
  const attribute = parameters.get("target_session_attrs") ?? (names.length > 1 ? "read-write" : "any");
  parameters.delete("target_session_attrs");
  const mustTakeWrites = ATTRIBUTES[attribute];
  const rest = parameters.size === 0 ? "" : `?${String(parameters)}`;
  const urls = names.map((name) => `${login}${name}${database}${rest}`);
  if (mustTakeWrites === undefined || (names.length > 1 && names.includes("")) || !urls.every(canParse))
    throw new ConfigError("CONFIG_BAD_DATABASE");
  return { urls, mustTakeWrites };
}
