import { promises as dnsClient } from "node:dns";
import { isIP } from "node:net";
import { readCertificate } from "./certificates.ts";
import { ENGINES } from "./engines.ts";
import { openByProgram } from "./exec.ts";
import { type Address, DataError, type DataPlane, type Login, NO_NAME, type Vantage } from "./plane.ts";
import { DATA_LIMITS, type DataLimits, openPostgres } from "./postgresql.ts";
import { openRedis } from "./redis.ts";
import { reachPort } from "./probe-port.ts";
import { askWeb } from "./web.ts";
import { transferZone } from "./zone-transfer.ts";

/** Where connections come from, and how names are resolved. */
export interface SocketPlaneOptions {
  /** The address of a host name; undefined if there is none. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<string | undefined>;
  /** Local address from which applications connect. Default: what the system chooses. */
  readonly source?: string;
  /** Local address of a host that no binding admits. */
  readonly outsider?: string;
  /**
   * Local address of another tenant's VM. `instance`: that of the instance itself, because this machine has
   * the addresses of all VMs.
   */
  readonly tenant?: string;
  /** See DataPlane. Default: none. */
  readonly platformPorts?: readonly number[];
  /** See DataPlane. Default: none. */
  readonly management?: readonly Address[];
  readonly locate?: (instanceId: string) => Promise<Address | undefined>;
  /** The program that speaks to engines without a client of our own. Default: none. */
  readonly exec?: readonly string[];
  /** The DNS server, as `127.0.0.1:8600`, that is asked for whole zones. Default: none. */
  readonly dns?: string;
  readonly limits?: Partial<DataLimits>;
}

const bySystem = async (host: string): Promise<string | undefined> => (await dnsClient.lookup(host)).address;

/**
 * Asks one DNS server, given as `127.0.0.1:8600`, for the first IPv4 address of a name; asks the system's
 * resolver for names that it does not know.
 */
export function resolverAt(server: string): (host: string) => Promise<string | undefined> {
  const resolver = new dnsClient.Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([server]);
  return (host) =>
    resolver.resolve4(host).then(
      ([first]) => first,
      () => bySystem(host),
    );
}

/** In place of an address of another tenant's VM: the address of the instance itself. */
const OWN_ADDRESS = "instance";

/** The data services behind a broker, reached over TCP with their own clients. */
export function socketPlane(options: SocketPlaneOptions = {}): DataPlane {
  const { resolve: look = bySystem, source, outsider, tenant, platformPorts = [], management = [], locate } = options;
  const { exec, dns } = options;
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
    ...(exec !== undefined && { clients: new Set(ENGINES) }),
    hasOutsider: outsider !== undefined,
    hasTenantVm: tenant !== undefined,
    platformPorts,
    management,
    resolve,
    connect: async (login: Login, from: Vantage) => {
      const [address, local] = [await resolve(login.host), await sourceOf(from)];
      if (login.client === "postgresql") return openPostgres(login, address, local, limits);
      if (login.client === "redis") return openRedis(login, address, local, limits);
      // Loaded on first use: a driver takes longer to load than a run takes to start.
      if (login.client === "mongodb") return (await import("./mongodb.ts")).openMongo(login, address, local, limits);
      if (exec === undefined) throw new DataError("nowhere", `no program speaks to ${login.client}`);
      return openByProgram(exec, login, address, local, limits);
    },
    certificate: async (login, from) =>
      login.tls && readCertificate(login, await resolve(login.host), await sourceOf(from), limits.connectMsMax),
    ask: async (request, from) => askWeb(request, await sourceOf(from), limits.connectMsMax),
    ...(dns !== undefined && {
      transferZone: async (zone, from) => transferZone(zone, dns, await sourceOf(from), limits.connectMsMax),
    }),
    reach: async ({ host, port }, from) =>
      reachPort({ host: await resolve(host), port }, await sourceOf(from), limits.connectMsMax),
    ...(locate && { locate }),
  };
}
