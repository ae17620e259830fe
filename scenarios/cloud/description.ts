import { BROKER_PORT, CONSUL_HTTP_PORT, CONTROL_PORT } from "../../simulators/addresses.ts";
import type { Pace } from "../../simulators/kernel/index.ts";
import type { ServedKind, Sockets } from "../../simulators/live/sockets.ts";
import type { World } from "../../simulators/world.ts";
import type { RunningBroker } from "./brokers.ts";
import type { FakePlatform } from "./platform/platform.ts";

/** The address and credentials of a broker. */
interface BrokerDescription {
  readonly name: string;
  /** `http://127.64.0.18:3000`: works on this machine without DNS. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** The same, by the broker's name in Consul. */
  readonly consulUrl: string;
  /** The login with which GET /instances lists every instance. */
  readonly operator: { readonly username: string; readonly password: string };
}

interface OpenStackUser {
  readonly username: string;
  readonly password: string;
  readonly project: string;
}

/** Every address and credential of a cloud that is up: what `drydock up --json` prints. */
export interface CloudDescription {
  readonly block: string;
  readonly seed: number;
  /** Whether every password follows from the seed, so that whoever knows it can work them out. */
  readonly predictableSecrets: boolean;
  readonly pace: Pace;
  readonly director: {
    readonly url: string;
    readonly client: string;
    readonly clientSecret: string;
    /** PEM of the authority that signed the certificates of the director and of UAA. */
    readonly caCert: string;
    readonly uaaUrl: string;
  };
  /** The administrator, in the platform's project. */
  readonly openstack: OpenStackUser & {
    readonly authUrl: string;
    /** Name of the domain of user and project. */
    readonly domain: string;
    readonly region: string;
    /** The platform's own login, which the director uses: a member of the project, not an administrator. */
    readonly member: OpenStackUser;
    /** The administrator in a project of its own. */
    readonly admin: OpenStackUser;
  };
  /** Where names are answered, over UDP and TCP. Addresses are host:port. */
  readonly dns: {
    /** Of Consul. */
    readonly address: string;
    readonly domain: string;
    /** The release of Consul. */
    readonly version: string;
    /** Of BOSH DNS, which forwards Consul's names and those of zones. */
    readonly bosh: string;
    /** Of the name server of Designate's zones. */
    readonly zones: string;
    /** Whether all of them also listen at port 53. */
    readonly port53: boolean;
    /** Why not, as the system's error code; null where they do. */
    readonly port53Refused: string | null;
    /** The same three at `::1`; null unless asked for. */
    readonly ipv6: { readonly consul: string; readonly bosh: string; readonly zones: string } | null;
  };
  readonly consul: { readonly httpAddr: string; readonly url: string };
  readonly brokers: readonly BrokerDescription[];
  /** The platform whose users see the dashboards of instances; `admin` may manage all of them. */
  readonly platform: {
    readonly url: string;
    readonly users: readonly { readonly username: string; readonly password: string }[];
  };
  /** The server for each kind of data service: its name and version, or why there is none. */
  readonly engines: readonly ServedKind[];
  /** Where the brokers keep their state: the URL of a primary and its standby, each broker with a database of its own; null if it is in memory. */
  readonly store: { readonly url: string } | null;
  /** Faults, events, digest, snapshots (simulators/control/README.md). Each request carries `Authorization: Bearer` with the token. */
  readonly control: { readonly url: string; readonly token: string };
  /** URL that lists the broken conservation laws, with the control token. */
  readonly laws: string;
  /** The address from which applications connect; data guard admits it to instances that have a binding. */
  readonly applications: string;
}

/** The options with which a cloud was booted. */
interface BootedCloud {
  readonly seed: number;
  readonly secretsFrom: "random" | "seed";
  readonly pace: Pace;
  readonly brokers: readonly RunningBroker[];
  readonly engines: readonly ServedKind[];
  readonly caCert: string;
  readonly controlToken: string;
  /** URL of the database server; absent: the state of the brokers is in memory. */
  readonly store: string | undefined;
  readonly platform: FakePlatform;
  readonly names: Sockets["names"];
}

/** Describes a cloud that has been booted. */
export function describe(
  world: World,
  { seed, secretsFrom, pace, brokers, engines, caCert, controlToken, store, platform, names }: BootedCloud,
): CloudDescription {
  const { plan, credentials } = world;
  const { authUrl, ...admin } = credentials.openstackAdmin;
  const { url, client, clientSecret, uaaUrl = "" } = credentials.director;
  const consul = `${plan.consul}:${CONSUL_HTTP_PORT}`;
  const control = `http://${plan.control}:${CONTROL_PORT}/_drydock`;
  return {
    block: plan.block,
    seed,
    predictableSecrets: secretsFrom === "seed",
    pace,
    director: { url, client, clientSecret, caCert, uaaUrl },
    openstack: {
      authUrl,
      ...admin,
      project: credentials.cpi.project,
      domain: "Default",
      region: "RegionOne",
      member: credentials.cpi,
      admin,
    },
    dns: describeNames(world, names),
    consul: { httpAddr: consul, url: `http://${consul}` },
    brokers: brokers.map(({ name, ip, url: consulUrl, username, password, operator }) => ({
      name,
      url: `http://${ip}:${BROKER_PORT}`,
      username,
      password,
      consulUrl,
      operator,
    })),
    platform: {
      url: platform.url,
      users: [...platform.accounts.users.values()].map(({ name: username, password }) => ({ username, password })),
    },
    engines,
    store: store === undefined ? null : { url: store },
    control: { url: control, token: controlToken },
    laws: `${control}/laws`,
    applications: plan.applications,
  };
}

const describeNames = (
  world: World,
  { consul, bosh, zones, port53, ipv6 }: Sockets["names"],
): CloudDescription["dns"] => ({
  address: consul,
  domain: "dc1.consul",
  version: world.dns.version,
  bosh,
  zones,
  port53: port53.is,
  port53Refused: port53.is ? null : port53.why,
  ipv6: ipv6 ?? null,
});

/** The variables that the real clients `bosh`, `openstack` and `consul` read, and drydock's own; `DRYDOCK_BROKER_…` are of the first broker. */
export function environmentOf(description: CloudDescription): Readonly<Record<string, string>> {
  const { director, openstack, consul, dns, brokers, control } = description;
  const [first] = brokers;
  return {
    BOSH_ENVIRONMENT: director.url,
    BOSH_CLIENT: director.client,
    BOSH_CLIENT_SECRET: director.clientSecret,
    BOSH_CA_CERT: director.caCert,
    OS_AUTH_URL: openstack.authUrl,
    OS_USERNAME: openstack.username,
    OS_PASSWORD: openstack.password,
    OS_PROJECT_NAME: openstack.project,
    OS_USER_DOMAIN_NAME: openstack.domain,
    OS_PROJECT_DOMAIN_NAME: openstack.domain,
    OS_IDENTITY_API_VERSION: "3",
    OS_REGION_NAME: openstack.region,
    CONSUL_HTTP_ADDR: consul.httpAddr,
    DRYDOCK_DNS: dns.address,
    DRYDOCK_BOSH_DNS: dns.bosh,
    DRYDOCK_NAME_SERVER: dns.zones,
    DRYDOCK_BROKERS: JSON.stringify(brokers),
    ...(first !== undefined && {
      DRYDOCK_BROKER_URL: first.url,
      DRYDOCK_BROKER_USERNAME: first.username,
      DRYDOCK_BROKER_PASSWORD: first.password,
    }),
    DRYDOCK_CONTROL: control.url,
    DRYDOCK_CONTROL_TOKEN: control.token,
  };
}
