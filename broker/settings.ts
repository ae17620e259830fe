import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import Ajv from "ajv";
import { parse } from "yaml";
import { type BrokerConfig, checkConfig, ConfigError } from "./config.ts";

/** What the process of a control plane needs beside the broker's own configuration. */
export interface Settings {
  readonly broker: BrokerConfig;
  readonly listen: { readonly host: string; readonly port: number };
  /** `postgres://…`; absent: the state is kept in memory and gone with the process. */
  readonly databaseUrl?: string;
  /** PEM of the authority that signed the director's certificate. */
  readonly caCert?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Each variable and the setting that it stands for. It wins over the file, so that secrets need not be in one. */
const VARIABLES: Readonly<Record<string, string>> = {
  BROKER_SERVICE: "service",
  BROKER_LISTEN: "listen",
  BROKER_USERNAME: "credentials.username",
  BROKER_PASSWORD: "credentials.password",
  BROKER_ADMIN_USERNAME: "admin.username",
  BROKER_ADMIN_PASSWORD: "admin.password",
  BROKER_ENCRYPTION_KEY: "encryptionKey",
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

/** The same for lists, separated by commas. */
const LISTS: Readonly<Record<string, string>> = {
  BROKER_APPLICATION_CIDRS: "applicationCidrs",
  BROKER_MANAGEMENT_CIDRS: "managementCidrs",
};

const text = { type: "string", minLength: 1 };
const login = { type: "object", required: ["username", "password"], properties: { username: text, password: text } };
const url = { type: "string", pattern: "^https?://." };

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["service", "credentials", "admin", "director", "openstack", "encryptionKey", "applicationCidrs"],
  properties: {
    service: { enum: ["postgresql", "redis", "mongodb"] },
    listen: text,
    credentials: login,
    admin: login,
    director: {
      type: "object",
      required: ["url", "client", "clientSecret"],
      properties: { url, client: text, clientSecret: text, uaaUrl: url },
    },
    openstack: {
      type: "object",
      required: ["authUrl", "username", "password", "project"],
      properties: { authUrl: url, username: text, password: text, project: text },
    },
    consul: { type: "object", required: ["url"], properties: { url } },
    domain: text,
    address: {
      type: "object",
      required: ["name", "ip", "port"],
      properties: { name: text, ip: text, port: { type: "integer" } },
    },
    encryptionKey: text,
    applicationCidrs: { type: "array", items: text },
    managementCidrs: { type: "array", items: text, minItems: 1 },
    pace: { type: "number", minimum: 0, maximum: 1 },
    databaseUrl: { type: "string", pattern: "^postgres(ql)?://." },
    caCert: text,
  },
};

const validate = new Ajv.Ajv({ strict: false }).compile(SCHEMA);

interface Raw extends BrokerConfig {
  readonly listen?: string;
  readonly databaseUrl?: string;
  readonly caCert?: string;
}

type Tree = { [name: string]: unknown };

function readTree(file: string): Tree {
  let content: string;
  try {
    content = readFileSync(file, "utf8");
  } catch {
    throw new ConfigError("CONFIG_NO_FILE", file);
  }
  try {
    const tree: unknown = parse(content);
    if (typeof tree === "object" && tree !== null && !Array.isArray(tree)) return tree as Tree;
  } catch {
    // Told below. What the parser says may quote a secret.
  }
  throw new ConfigError("CONFIG_NOT_YAML", file);
}

function put(tree: Tree, path: string, value: string): void {
  const [name = "", ...rest] = path.split(".");
  if (rest.length === 0) tree[name] = value;
  else put((tree[name] ??= {}) as Tree, rest.join("."), value);
}

/** `127.0.0.1:3000`. What leaves the machine goes through a proxy that speaks TLS. */
function listenOf(value: string): Settings["listen"] {
  const match = /^(.+):(\d{1,5})$/.exec(value);
  const [host, port] = [match?.[1] ?? "", Number(match?.[2])];
  const isLoopback = host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
  if (!isLoopback || port > 65_535) throw new ConfigError("CONFIG_BAD_LISTEN", value);
  return { host: host.replaceAll(/[[\]]/g, ""), port };
}

/** `bosh` takes a certificate or the path of one, and an address with or without scheme and port. */
const certificateOf = (value: string): string =>
  value.includes("BEGIN CERTIFICATE") ? value : readFileSync(value, "utf8");
const DIRECTOR_PORT = 25_555;
const directorUrlOf = (value: string): string => {
  if (/^https?:\/\//.test(value)) return value.replace(/\/$/, "");
  return `https://${/:\d+$/.test(value) ? value : `${value}:${DIRECTOR_PORT}`}`;
};

/** What other clients read from the same variables, as this one needs it. */
const READ: Readonly<Record<string, (value: string) => string>> = {
  BOSH_ENVIRONMENT: directorUrlOf,
  CONSUL_HTTP_ADDR: (value) => (/^https?:/.test(value) ? value : `http://${value}`),
};

/**
 * The settings of a control plane: a YAML or JSON file, if one is named, and on top of it the environment.
 *
 * @throws ConfigError
 */
export function readSettings(file: string | undefined, environment: Environment): Settings {
  const tree = file === undefined ? {} : readTree(file);
  for (const [name, path] of Object.entries(VARIABLES)) {
    const value = environment[name];
    if (value !== undefined && value !== "") put(tree, path, READ[name]?.(value) ?? value);
  }
  for (const [name, setting] of Object.entries(LISTS)) {
    const value = environment[name];
    if (value !== undefined) tree[setting] = value.split(",").map((each) => each.trim());
  }
  if (environment.BROKER_PACE !== undefined) tree.pace = Number(environment.BROKER_PACE);
  if (environment.BOSH_UAA_URL !== undefined) put(tree, "director.uaaUrl", environment.BOSH_UAA_URL);
  if (!validate(tree)) {
    const [error] = validate.errors ?? [];
    throw new ConfigError("CONFIG_INVALID", `${error?.instancePath || "the settings"} ${error?.message ?? ""}`);
  }
  const { listen: wanted, databaseUrl, caCert, ...broker } = tree as unknown as Raw;
  const listen = listenOf(wanted ?? "127.0.0.1:3000");
  // Where it listens is where its connections come from, as long as nobody says otherwise.
  const here = { managementCidrs: [`${isIP(listen.host) === 4 ? listen.host : "127.0.0.1"}/32`] };
  return {
    broker: checkConfig({ ...(broker.address === undefined && here), ...broker }),
    listen,
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(caCert !== undefined && { caCert: certificateOf(caCert) }),
  };
}
