import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import Ajv from "ajv";
import { parse } from "yaml";
import { type BrokerConfig, checkConfig, ConfigError } from "./config.ts";
import { isObject } from "./json.ts";
import type { TlsOptions } from "./osb/server.ts";
import { SettingsTree } from "./settings-tree.ts";
import { parseDatabaseUrl } from "./store/hosts.ts";

/** The settings of a control plane's process: the broker's configuration and more. */
export interface Settings {
  readonly broker: BrokerConfig;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where spans are sent, by OTLP over HTTP. Absent: nowhere. */
  readonly tracesUrl?: string;
  /** PEM of the certificate and the key with which it speaks TLS. */
  readonly tls?: TlsOptions;
  /** `postgres://…`; absent: the state is kept in memory and gone with the process. */
  readonly databaseUrl?: string;
  /** PEM of the authority that signed the director's certificate. */
  readonly caCert?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables and the settings that they set. They win over the file, so that it need not hold secrets. */
const VARIABLES: Readonly<Record<string, string>> = {
  BROKER_SERVICE: "service",
  BROKER_LISTEN: "listen",
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "tracesUrl",
  BROKER_TLS_CERT: "tls.cert",
  BROKER_TLS_KEY: "tls.key",
  BROKER_USERNAME: "credentials.username",
  BROKER_PASSWORD: "credentials.password",
  BROKER_ADMIN_USERNAME: "admin.username",
  BROKER_ADMIN_PASSWORD: "admin.password",
  BROKER_ENCRYPTION_KEY: "encryptionKey",
  BROKER_DASHBOARD_URL: "dashboard.url",
  BROKER_PLATFORM_URL: "dashboard.apiUrl",
  BROKER_DASHBOARD_SECRET: "dashboard.clientSecret",
  DATABASE_URL: "databaseUrl",
  BOSH_ENVIRONMENT: "director.url",
  BOSH_CLIENT: "director.client",
  BOSH_CLIENT_SECRET: "director.clientSecret",
  BOSH_CA_CERT: "caCert",
  OS_AUTH_URL: "openstack.authUrl",
  OS_USERNAME: "openstack.username",
  OS_PASSWORD: "openstack.password",
  OS_PROJECT_NAME: "openstack.project",
  CONSUL_HTTP_ADDR: "consul.url",
};

/** The same for lists, whose items are separated by commas. */
const LISTS: Readonly<Record<string, string>> = {
  BROKER_APPLICATION_CIDRS: "applicationCidrs",
  BROKER_MANAGEMENT_CIDRS: "managementCidrs",
  BROKER_READING_KEYS: "readingKeys",
  BROKER_ROLES: "roles",
};

const validate = new Ajv.Ajv({ strict: false }).compile<SettingsTree>(SettingsTree);

type Tree = Record<string, unknown>;

function readTree(file: string): Tree {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch {
    throw new ConfigError("CONFIG_NO_FILE", file);
  }
  try {
    const tree: unknown = parse(content);
    if (isObject(tree)) return tree;
  } catch {
    // Refused below, without the parser's message, which may quote a secret.
  }
  throw new ConfigError("CONFIG_NOT_YAML", file);
}

/** Sets the value at a path, `director.url`. Where the file has no mapping on the way, the value takes its place. */
function put(tree: Tree, path: string, value: string): void {
  const [name = "", ...rest] = path.split(".");
  if (rest.length === 0) tree[name] = value;
  else {
    const branch = tree[name];
    const inner = isObject(branch) ? branch : {};
    tree[name] = inner;
    put(inner, rest.join("."), value);
  }
}

/**
 * Parses an address such as `127.0.0.1:3000`. Passwords cross no network in clear text, so without TLS it must be a loopback address.
 *
 * @throws ConfigError CONFIG_BAD_LISTEN
 */
function parseListen(value: string, isTls: boolean): Settings["listen"] {
  const match = /^(.+):(\d{1,5})$/.exec(value);
  const [host, port] = [match?.[1] ?? "", Number(match?.[2])];
  const isLoopback = host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
  const isAddress = isLoopback || (isTls && isIP(host.replaceAll(/[[\]]/g, "")) !== 0);
  if (!isAddress || port > 65_535) throw new ConfigError("CONFIG_BAD_LISTEN", value);
  return { host: host.replaceAll(/[[\]]/g, ""), port };
}

/** Like `bosh`, accepts a certificate or the path of one, and an address with or without scheme and port. */
const certificateOf = (value: string): string =>
  value.includes("BEGIN CERTIFICATE") ? value : readFileSync(value, "utf8");
const DIRECTOR_PORT = 25_555;
const directorUrlOf = (value: string): string => {
  if (/^https?:\/\//.test(value)) return value.replace(/\/$/, "");
  return `https://${/:\d+$/.test(value) ? value : `${value}:${DIRECTOR_PORT}`}`;
};

/** Converts the values that other clients read from the same variables into the form of these settings. */
const CONVERSIONS: Readonly<Record<string, (value: string) => string>> = {
  BOSH_ENVIRONMENT: directorUrlOf,
  CONSUL_HTTP_ADDR: (value) => (/^https?:/.test(value) ? value : `http://${value}`),
};

/** @throws ConfigError CONFIG_BAD_TLS, without the contents, one of which is secret */
function readTls({ cert, key }: TlsOptions): TlsOptions {
  const read = (value: string): string => (value.includes("-----BEGIN") ? value : readFileSync(value, "utf8"));
  try {
    const tls = { cert: read(cert), key: read(key) };
    createSecureContext(tls);
    return tls;
  } catch {
    throw new ConfigError("CONFIG_BAD_TLS");
  }
}

function applyEnvironment(tree: Tree, environment: Environment): void {
  for (const [name, path] of Object.entries(VARIABLES)) {
    const value = environment[name];
    if (value !== undefined && value !== "") put(tree, path, CONVERSIONS[name]?.(value) ?? value);
  }
  for (const [name, setting] of Object.entries(LISTS)) {
    const value = environment[name];
    if (value !== undefined) tree[setting] = value.split(",").map((each) => each.trim());
  }
  if (environment.BROKER_PACE !== undefined) tree.pace = Number(environment.BROKER_PACE);
  if (environment.BROKER_LEASE_MS !== undefined) tree.leaseMs = Number(environment.BROKER_LEASE_MS);
  if (environment.BOSH_UAA_URL !== undefined) put(tree, "director.uaaUrl", environment.BOSH_UAA_URL);
}

/**
 * Reads the settings of a control plane: from a YAML or JSON file, if one is named, and then from the environment, which wins.
 *
 * @throws ConfigError
 */
export function readSettings(file: string | undefined, environment: Environment): Settings {
  const tree: unknown = file === undefined ? {} : readTree(file);
  if (isObject(tree)) applyEnvironment(tree, environment);
  if (!validate(tree)) {
    const [error] = validate.errors ?? [];
    throw new ConfigError("CONFIG_INVALID", `${error?.instancePath || "the settings"} ${error?.message ?? ""}`);
  }
  const { listen: wanted, tls: files, tracesUrl, databaseUrl, caCert, ...broker } = tree;
  if (databaseUrl !== undefined) parseDatabaseUrl(databaseUrl);
  const listen = parseListen(wanted ?? "127.0.0.1:3000", files !== undefined);
  // By default its connections come from the address at which it listens.
  const here = { managementCidrs: [`${isIP(listen.host) === 4 ? listen.host : "127.0.0.1"}/32`] };
  return {
    broker: checkConfig({ ...(broker.address === undefined && here), ...broker }),
    listen,
    ...(files && { tls: readTls(files) }),
    ...(tracesUrl !== undefined && { tracesUrl }),
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(caCert !== undefined && { caCert: certificateOf(caCert) }),
  };
}
