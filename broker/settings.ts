import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import Ajv from "ajv";
import Type, { type Static } from "typebox";
import { parse } from "yaml";
import { type BrokerConfig, checkConfig, ConfigError } from "./config.ts";
import { isObject } from "./json.ts";
import type { TlsOptions } from "./osb/server.ts";
import { MaintenanceSchema } from "./spi/maintenance.ts";
import { SERVICE_NAMES } from "./spi/services/services.ts";
import { parseDatabaseUrl } from "./store/hosts.ts";

/** The settings of a control plane's process: the broker's configuration, and more. */
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
};

const Text = Type.String({ minLength: 1 });
const Login = Type.Object({ username: Text, password: Text });
const Count = Type.Integer({ minimum: 0 });
const Url = Type.String({ pattern: "^https?://." });

/** Shorter leases end while a database is merely slow. */
const LEASE_MS_MIN = 1_000;
const LEASE_MS_MAX = 600_000;

/** A settings file with the environment on top of it. */
const SettingsTree = Type.Object(
  {
    service: Type.Enum([...SERVICE_NAMES]),
    listen: Type.Optional(Text),
    credentials: Login,
    admin: Login,
    director: Type.Object({ url: Url, client: Text, clientSecret: Text, uaaUrl: Type.Optional(Url) }),
    openstack: Type.Object({ authUrl: Url, username: Text, password: Text, project: Text }),
    consul: Type.Optional(Type.Object({ url: Url, follow: Type.Optional(Type.Boolean()) })),
    domain: Type.Optional(Text),
    address: Type.Optional(Type.Object({ name: Text, ip: Text, port: Type.Integer() })),
    encryptionKey: Text,
    readingKeys: Type.Optional(Type.Array(Text)),
    applicationCidrs: Type.Array(Text),
    applicationNetworks: Type.Optional(
      Type.Array(
        Type.Object(
          {
            application: Type.Optional(Text),
            space: Type.Optional(Text),
            organization: Type.Optional(Text),
            cidrs: Type.Array(Text, { minItems: 1 }),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    managementCidrs: Type.Optional(Type.Array(Text, { minItems: 1 })),
    backups: Type.Optional(
      Type.Object(
        {
          daysAfterDeprovision: Type.Optional(Type.Number({ minimum: 0, maximum: 3650 })),
          downloads: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    ),
    catalog: Type.Optional(
      Type.Object(
        {
          versions: Type.Optional(Type.Array(Text, { minItems: 1 })),
          plans: Type.Optional(Type.Array(Text, { minItems: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
    maintenance: Type.Optional(MaintenanceSchema),
    quotas: Type.Optional(
      Type.Object(
        {
          broker: Type.Optional(Count),
          services: Type.Optional(Type.Record(Type.String(), Count)),
          plans: Type.Optional(Type.Record(Type.String(), Count)),
        },
        { additionalProperties: false },
      ),
    ),
    pace: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    leaseMs: Type.Optional(Type.Integer({ minimum: LEASE_MS_MIN, maximum: LEASE_MS_MAX })),
    tracesUrl: Type.Optional(Url),
    tls: Type.Optional(Type.Object({ cert: Text, key: Text })),
    databaseUrl: Type.Optional(Type.String({ pattern: "^postgres(ql)?://." })),
    caCert: Type.Optional(Text),
  },
  { additionalProperties: false },
);
type SettingsTree = Static<typeof SettingsTree>;

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

/** Parses an address such as `127.0.0.1:3000`. Passwords go over no network in clear, so without TLS it must be a loopback address. @throws ConfigError CONFIG_BAD_LISTEN */
function parseListen(value: string, isTls: boolean): Settings["listen"] {
  const match = /^(.+):(\d{1,5})$/.exec(value);
  const [host, port] = [match?.[1] ?? "", Number(match?.[2])];
  const isLoopback = host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
  const isAddress = isLoopback || (isTls && isIP(host.replaceAll(/[[\]]/g, "")) !== 0);
  if (!isAddress || port > 65_535) throw new ConfigError("CONFIG_BAD_LISTEN", value);
  return { host: host.replaceAll(/[[\]]/g, ""), port };
}

/** As `bosh`, accepts a certificate or the path of one, and an address with or without scheme and port. */
const certificateOf = (value: string): string =>
  value.includes("BEGIN CERTIFICATE") ? value : readFileSync(value, "utf8");
const DIRECTOR_PORT = 25_555;
const directorUrlOf = (value: string): string => {
  if (/^https?:\/\//.test(value)) return value.replace(/\/$/, "");
  return `https://${/:\d+$/.test(value) ? value : `${value}:${DIRECTOR_PORT}`}`;
};

/** Brings what other clients read from the same variables into the form of this one's settings. */
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
