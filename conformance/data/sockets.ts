import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import { type Address, DataError, type DataPlane, type Login, NO_NAME, type Vantage } from "./plane.ts";
import { DATA_LIMITS, type DataLimits, openPostgres } from "./postgresql.ts";
import { openRedis } from "./redis.ts";
import { reachPort } from "./probe-port.ts";

/** Where connections come from, and how names are resolved. */
export interface SocketPlaneOptions {
  /** The address of a host name; undefined when there is none. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<string | undefined>;
  /** Local address from which applications connect. Default: what the system chooses. */
  readonly source?: string;
  /** Local address of a host that no binding admits. */
  readonly outsider?: string;
  /** Local address of another tenant's VM; `instance`: this machine has the addresses of all VMs, so that of the instance itself. */
  readonly tenant?: string;
  /** See DataPlane. Default: none. */
  readonly platformPorts?: readonly number[];
  /** See DataPlane. Default: none. */
  readonly management?: readonly Address[];
  readonly locate?: (instanceId: string) => Promise<Address | undefined>;
  readonly limits?: Partial<DataLimits>;
}

const bySystem = async (host: string): Promise<string | undefined> => (await dns.lookup(host)).address;

/**
 * Asks one DNS server, given as `127.0.0.1:8600`, for the first IPv4 address of a name, and the system's resolver for what that
 * server does not know.
 */
export function resolverAt(server: string): (host: string) => Promise<string | undefined> {
  const resolver = new dns.Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([server]);
  return (host) =>
    resolver.resolve4(host).then(
      ([first]) => first,
      () => bySystem(host),
    );
}

/** Stands for the address of the instance itself where another tenant's VM is asked for. */
const OWN_ADDRESS = "instance";

/** The data services behind a broker, reached over TCP with their own clients. */
export function socketPlane(options: SocketPlaneOptions = {}): DataPlane {
  const { resolve: look = bySystem, source, outsider, tenant, platformPorts = [], management = [], locate } = options;
  const limits: DataLimits = { ...DATA_LIMITS, ...options.limits };

  async function resolve(host: string): Promise<string> {
    if (isIP(host) !== 0) return host;
    const address = await look(host).catch((error: unknown) => {
      throw new DataError("unreachable", error instanceof Error ? error.message : String(error), NO_NAME);
    });
    if (address === undefined) throw new DataError("unreachable", `${host} has no address`, NO_NAME);
    return address;
  }

  async function sourceOf(from: Vantage): Promise<string | undefined> {
    if (from === "application") return source;
    if (from === "outsider") return outsider;
    return tenant === OWN_ADDRESS ? resolve(from.vmOf) : tenant;
  }

  return {
    hasOutsider: outsider !== undefined,
    hasTenantVm: tenant !== undefined,
    platformPorts,
    management,
    resolve,
    connect: async (login: Login, from: Vantage) => {
      const open = login.client === "redis" ? openRedis : openPostgres;
      return open(login, await resolve(login.host), await sourceOf(from), limits);
    },
    reach: async ({ host, port }, from) =>
      reachPort({ host: await resolve(host), port }, await sourceOf(from), limits.connectMsMax),
    ...(locate && { locate }),
  };
}
