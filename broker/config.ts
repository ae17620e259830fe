import { networkOf } from "./guard/cidr.ts";
import type { ApplicationNetworks } from "./guard/networks.ts";
import { chooseCatalog } from "./spi/catalog.ts";
import { firstMaintenance, type Maintenance } from "./spi/maintenance.ts";
import { serviceOf, type ServiceName } from "./spi/services/services.ts";

/** The configuration of one control plane; `settings.ts` reads it from a file and the environment. */
export interface BrokerConfig {
  readonly service: ServiceName;
  /** The login of platforms. */
  readonly credentials: Login;
  /** The login of operators, for GET /instances. */
  readonly admin: Login;
  readonly director: {
    readonly url: string;
    readonly client: string;
    readonly clientSecret: string;
    /** Absent: as the director's /info says. */
    readonly uaaUrl?: string;
  };
  readonly openstack: {
    readonly authUrl: string;
    readonly username: string;
    readonly password: string;
    readonly project: string;
  };
  /** Absent: the broker registers nowhere. */
  readonly consul?: {
    readonly url: string;
    /** Whether data guard follows VMs with a blocking query, which is always in progress. Default: true. */
    readonly follow?: boolean;
  };
  /** DNS domain of the records that instances register. Default `dc1.consul`. */
  readonly domain?: string;
  /** The name and address that the broker registers in Consul. */
  readonly address?: { readonly name: string; readonly ip: string; readonly port: number };
  /** 32 bytes, as hexadecimal digits: encrypts credentials and backups at rest. */
  readonly encryptionKey: string;
  /** Further keys, which only open what was sealed with them: earlier ones, and the one that is about to become the first. Default: none. */
  readonly readingKeys?: readonly string[];
  /** The networks of applications without networks of their own: data guard opens instances to these on bind. */
  readonly applicationCidrs: readonly string[];
  /** Networks of single applications, spaces and organizations; the narrowest that fits a binding counts. Default: none. */
  readonly applicationNetworks?: readonly ApplicationNetworks[];
  /**
   * Networks from which instances are managed, this control plane's and the backup manager's: data guard opens the agents' port to
   * these and to nobody else. Default: `address.ip`.
   */
  readonly managementCidrs?: readonly string[];
  /** Factor on the pauses between polls. Default 1. */
  readonly pace?: number;
  /** How long a process keeps an operation without a sign of life, in ms; then another process takes it over. Default: 15 s. */
  readonly leaseMs?: number;
  readonly backups?: BackupConfig;
  /** This process's share of what processes on one store do together. Default: all of it. */
  readonly roles?: readonly BrokerRole[];
  /** Where dashboards are, and whose users see them. Default: there are none. */
  readonly dashboard?: DashboardConfig;
  /** The offer of the service. Default: its first version, in all plans. */
  readonly catalog?: CatalogConfig;
  /** The releases and stemcell of instances. Default: `firstMaintenance`. */
  readonly maintenance?: Maintenance;
  /** How many instances there may be at once. Default: no limit. */
  readonly quotas?: QuotaConfig;
}

/**
 * `spi`: answers platforms, and works on operations. `backup-manager`: schedules, retention, collection of logs, the API of backups; and the
 * backups and restores that it orders. `guard`: follows VMs that are recreated.
 */
export type BrokerRole = "spi" | "backup-manager" | "guard";

/** The roles of a process. */
export const rolesOf = ({ roles }: BrokerConfig): readonly BrokerRole[] => roles ?? BROKER_ROLES;

/** All roles. */
export const BROKER_ROLES: readonly BrokerRole[] = ["spi", "backup-manager", "guard"];

/**
 * The part of its service that a control plane offers. Existing instances live on if their plan is no longer
 * offered.
 */
export interface CatalogConfig {
  /** Versions of the engine, each as a service of its own. Default: the first. */
  readonly versions?: readonly string[];
  /** Names of plans. Default: all. */
  readonly plans?: readonly string[];
}

/** Dashboards behind a platform's single sign-on. */
export interface DashboardConfig {
  /** The URL at which browsers reach this broker, without a slash at its end. */
  readonly url: string;
  /** The API of the platform, whose root names its UAA. */
  readonly apiUrl: string;
  /** From which each service's client derives its secret. */
  readonly clientSecret: string;
  /** For how long the platform's yes counts, in ms. Default: 10 s. */
  readonly checkupMs?: number;
}

/** Limits on instances at once: of the whole broker, and of services and plans by name. All that are set apply. */
interface QuotaConfig {
  readonly broker?: number;
  readonly services?: Readonly<Record<string, number>>;
  readonly plans?: Readonly<Record<string, number>>;
}

/** The operator's settings for backups. */
interface BackupConfig {
  /** Days for which backups outlive their instance. Default: 0, they go with it. */
  readonly daysAfterDeprovision?: number;
  /** Whether tenants may download backups that are under a key of their own. Default: true. */
  readonly downloads?: boolean;
}

/** A user name and a password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The reasons that can keep a broker from starting, by code, with their remedies. */
export const CONFIG_ERRORS = {
  CONFIG_BAD_KEY: "encryptionKey and each of readingKeys must be 64 hexadecimal digits",
  CONFIG_BAD_SCOPE: "each of applicationNetworks must name one of application, space and organization",
  CONFIG_BAD_CIDR:
    "applicationCidrs, applicationNetworks and managementCidrs must be IPv4 prefixes such as 10.0.0.0/24",
  CONFIG_BAD_CATALOG: "catalog and quotas must name versions, services and plans of the service",
  CONFIG_BAD_MAINTENANCE: "maintenance must give a version for the release of the service and for consul-dns",
  CONFIG_NO_MANAGER: "say in managementCidrs, or by address.ip, where this control plane's connections come from",
  CONFIG_NO_LOGIN: "username and password must not be empty",
  CONFIG_NO_FILE: "name a configuration file that can be read",
  CONFIG_NOT_YAML: "the configuration file must hold one YAML or JSON mapping",
  CONFIG_INVALID: "see broker/README.md for the settings",
  CONFIG_BAD_LISTEN: "listen must be an address and a port, such as 127.0.0.1:3000; without tls, a loopback address",
  CONFIG_BAD_TLS: "tls.cert and tls.key must be PEM, or the paths of PEM files, that belong together",
  CONFIG_PORT_TAKEN: "stop what listens there, or choose another address with BROKER_LISTEN",
  CONFIG_NEWER_SCHEMA: "a newer broker has used the database: start that version or a later one",
  CONFIG_NO_DATABASE: "name the broker's database with DATABASE_URL",
  CONFIG_BAD_DATABASE:
    "DATABASE_URL must be postgres://user:password@host:port,…/database, with target_session_attrs any, read-write or primary",
  CONFIG_NO_BROKER: "start the broker with these settings, and make sure that no rollout is running",
  CONFIG_NO_STORE: "see that the database of DATABASE_URL runs and takes the login",
} as const;

/** The broker can't start with its configuration. The message is one line: what is wrong, and what to do. */
export class ConfigError extends Error {
  readonly code: keyof typeof CONFIG_ERRORS;

  /** @param what what is wrong, without secrets */
  constructor(code: keyof typeof CONFIG_ERRORS, what?: string) {
    super(`${code}: ${what === undefined ? "" : `${what}: `}${CONFIG_ERRORS[code]}`);
    this.name = "ConfigError";
    this.code = code;
  }
}

/** Networks that may reach the agents of instances; empty if the configuration names none. */
export const managersOf = ({ managementCidrs, address }: BrokerConfig): readonly string[] =>
  managementCidrs ?? (address === undefined ? [] : [`${address.ip}/32`]);

/** The keys that open what is sealed at rest. The first one seals. */
export const keyRingOf = ({ encryptionKey, readingKeys = [] }: BrokerConfig): readonly string[] => [
  encryptionKey,
  ...readingKeys,
];

/** @throws ConfigError CONFIG_BAD_CATALOG, CONFIG_BAD_MAINTENANCE */
function checkOffers({ service: kind, catalog, maintenance, quotas = {} }: BrokerConfig): void {
  const service = serviceOf(kind);
  const made = maintenance ?? firstMaintenance(kind);
  try {
    chooseCatalog(service, made, catalog);
  } catch (error) {
    throw new ConfigError("CONFIG_BAD_CATALOG", error instanceof Error ? error.message : String(error));
  }
  const names = new Set([...service.offerings, ...service.plans].map(({ name }) => name));
  for (const name of Object.keys({ ...quotas.services, ...quotas.plans }))
    if (!names.has(name)) throw new ConfigError("CONFIG_BAD_CATALOG", name);
  for (const name of Object.keys(firstMaintenance(kind).releases))
    if (made.releases[name] === undefined || made.releases[name] === "latest")
      throw new ConfigError("CONFIG_BAD_MAINTENANCE", name);
  if (made.stemcell.version === "latest") throw new ConfigError("CONFIG_BAD_MAINTENANCE", "stemcell");
}

/** Checks what no type can say about a configuration. @throws ConfigError */
export function checkConfig(config: BrokerConfig): BrokerConfig {
  for (const key of keyRingOf(config)) if (!/^[0-9a-f]{64}$/i.test(key)) throw new ConfigError("CONFIG_BAD_KEY");
  const { applicationNetworks = [] } = config;
  for (const { cidrs: _cidrs, ...scopes } of applicationNetworks)
    if (Object.keys(scopes).length !== 1) throw new ConfigError("CONFIG_BAD_SCOPE", JSON.stringify(scopes));
  const applications = [...config.applicationCidrs, ...applicationNetworks.flatMap(({ cidrs }) => cidrs)];
  for (const cidr of [...applications, ...(config.managementCidrs ?? [])])
    if (!cidr.includes("/") || networkOf(cidr) === undefined) throw new ConfigError("CONFIG_BAD_CIDR", cidr);
  checkOffers(config);
  if (managersOf(config).length === 0) throw new ConfigError("CONFIG_NO_MANAGER");
  for (const { username, password } of [config.credentials, config.admin]) {
    if (username === "" || password === "") throw new ConfigError("CONFIG_NO_LOGIN");
  }
  return config;
}
