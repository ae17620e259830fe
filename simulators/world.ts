import { type AddressPlan, addressPlan, DIRECTOR_PORT, OPENSTACK_PORTS, UAA_PORT } from "./addresses.ts";
import { type Bosh, createBosh, type DirectorUser, type JobBehaviours, type UaaOptions } from "./bosh/index.ts";
import { createOpenStackCpi } from "./bosh/openstack-cpi/cpi.ts";
import { type Driver, VirtualDriver, WallDriver, wallNowMs } from "./kernel/edge/drive.ts";
import { LocalNet } from "./kernel/edge/local.ts";
import { Kernel, type Pace, type SecretStream, type Service } from "./kernel/index.ts";
import { createDataServices, type DataServices } from "./dataservices/index.ts";
import type { Environment } from "./environment.ts";
import { createDns, type Dns } from "./dns/index.ts";
import { wireJobs } from "./jobs.ts";
import { findBrokenLaws, type Law } from "./laws.ts";
import { type CloudProfile, createOpenStack, type OpenStack, SERVICE_NAMES } from "./openstack/index.ts";

export { expectsVm } from "./bosh/index.ts";

/** How a world is made. */
export interface WorldOptions {
  /** The seed of ids, durations and faults. Default 1. */
  readonly seed?: number | string;
  /** The key from which passwords, keys and tokens are drawn. Default: the seed, so that whoever knows the seed knows them. */
  readonly secretKey?: string;
  /** `virtual` jumps from event to event (default), `wall` follows the clock of this machine. */
  readonly time?: "virtual" | "wall";
  /** How long simulated work takes. Default `realistic`. */
  readonly pace?: Pace;
  /** The /16 of loopback that the cloud lives in. Default `127.64`. */
  readonly block?: string;
  /** Lets snapshots be taken with work in flight. Default false. */
  readonly recordInputs?: boolean;
  /** Journal events kept in memory. Default 100,000. */
  readonly journalEventsMax?: number;
  /** See DataServicesOptions. 1 where no real server is behind the instances. */
  readonly scramIterations?: number;
  /** What kind of OpenStack it is. Default `agents`. */
  readonly profile?: CloudProfile;
  /** See DirectorOptions. */
  readonly analysisMs?: number;
  /** Keys of UAA; with them the director trusts tokens, without them basic credentials. */
  readonly signing?: { readonly privateKey: string; readonly publicKey: string };
}

/** What a person needs to log in to the parts of the cloud. */
export interface Credentials {
  readonly openstackAdmin: {
    readonly authUrl: string;
    readonly username: string;
    readonly password: string;
    readonly project: string;
  };
  /** The platform's own project, as the director's CPI uses it. */
  readonly cpi: { readonly username: string; readonly password: string; readonly project: string };
  readonly director: {
    readonly url: string;
    readonly client: string;
    readonly clientSecret: string;
    readonly uaaUrl?: string;
  };
}

/** One fake cloud: the simulators, wired. */
export interface World {
  readonly kernel: Kernel;
  readonly driver: Driver;
  readonly net: LocalNet;
  readonly plan: AddressPlan;
  readonly openstack: OpenStack;
  readonly bosh: Bosh;
  readonly dns: Dns;
  readonly dataservices: DataServices;
  readonly credentials: Credentials;
  /** What jobs of VMs do in this world, by name of the job. */
  readonly behaviours: JobBehaviours;
  readonly directorAddress: string;
  /** Lets the director answer at its address; called once it is deployed. */
  startDirector(): void;
  /** The environment of code at this address. */
  environmentAt(address: string): Environment;
  /** Secrets of this name: the same each time it is called. */
  secretsOf(name: string): SecretStream;
  /** Runs work on this world's time to its end: virtual time moves as the work needs it. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Every service with the address and port at which it answers. */
  endpoints(): readonly Endpoint[];
  /** Whether `source` may connect to `address:port`, by the security groups of the VM there; an address without a VM is open to nobody. */
  admits(source: string, address: string, port: number): boolean;
  /** See laws.ts. */
  findBrokenLaws(...further: readonly Law[]): readonly string[];
}

/** A service with the address and port at which it answers. */
export interface Endpoint {
  readonly name: string;
  readonly service: Service;
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** 128 bits. */
const PASSWORD_DIGITS = 32;

const secret = (kernel: Kernel): string => kernel.secrets("credentials").hex(PASSWORD_DIGITS);

const SCOPES = ["bosh.admin"];

function credentialsOf(kernel: Kernel, plan: AddressPlan, withUaa: boolean): Credentials {
  return {
    openstackAdmin: {
      authUrl: `http://${plan.controller}:${OPENSTACK_PORTS.keystone}/v3`,
      username: "admin",
      password: secret(kernel),
      project: "admin",
    },
    cpi: { username: "bosh", password: secret(kernel), project: "platform" },
    director: {
      url: `https://${plan.director}:${DIRECTOR_PORT}`,
      client: "admin",
      clientSecret: secret(kernel),
      ...(withUaa && { uaaUrl: `https://${plan.director}:${UAA_PORT}` }),
    },
  };
}

/** Makes a fake cloud. Nothing runs on it yet: `scenarios/story/inception.ts` deploys a platform. */
export function createWorld(options: WorldOptions = {}): World {
  const kernel = createKernel(options);
  const virtual = options.time === "wall" ? undefined : new VirtualDriver(kernel);
  const driver: Driver = virtual ?? new WallDriver(kernel);
  const plan = addressPlan(options.block);
  const credentials = credentialsOf(kernel, plan, options.signing !== undefined);
  const parts = createSimulators(kernel, plan, credentials, options);
  const { openstack, bosh } = parts;
  const admits = (source: string, address: string, port: number): boolean =>
    source === address || address === plan.controller || (openstack.admitted(source, address, port) ?? false);
  const net = connect(driver, parts, admits);
  const attach = (list: readonly Endpoint[]): void => {
    for (const { address, port, service } of list) net.attach(address, port, { service });
  };
  let directorRuns = false;
  const endpointsOfDirector = (): readonly Endpoint[] => directorEndpoints(bosh, plan.director);
  attach(openstackEndpoints(openstack, plan));
  return {
    ...parts,
    kernel,
    driver,
    net,
    credentials,
    behaviours: bosh.behaviours,
    startDirector: () => {
      directorRuns = true;
      attach(endpointsOfDirector());
    },
    environmentAt: (address) => environmentAt(driver, net, address),
    secretsOf: (name) => kernel.fixedSecrets(`fixed/${name}`),
    run: (work) => (virtual === undefined ? work() : virtual.run(work())),
    endpoints: () => [...openstackEndpoints(openstack, plan), ...(directorRuns ? endpointsOfDirector() : [])],
    admits,
    findBrokenLaws: (...further) => findBrokenLaws(parts, ...further),
  };
}

function createKernel(options: WorldOptions): Kernel {
  return new Kernel({
    seed: options.seed ?? 1,
    pace: options.pace ?? "realistic",
    recordInputs: options.recordInputs ?? false,
    ...(options.secretKey !== undefined && { secretKey: options.secretKey }),
    ...(options.time === "wall" && { startMs: wallNowMs() }),
    ...(options.journalEventsMax !== undefined && { journalEventsMax: options.journalEventsMax }),
  });
}

type Simulators = Pick<World, "openstack" | "bosh" | "dns" | "dataservices" | "plan" | "directorAddress">;

function createSimulators(
  kernel: Kernel,
  plan: AddressPlan,
  credentials: Credentials,
  { signing, scramIterations, analysisMs, profile }: WorldOptions,
): Simulators {
  const openstack = createOpenStack(kernel, {
    admin: { ...credentials.openstackAdmin, user: credentials.openstackAdmin.username },
    ...(profile !== undefined && { profile }),
  });
  const bosh = createBosh(kernel, {
    ...login(credentials, signing),
    ...(analysisMs !== undefined && { analysisMs }),
    cpi: createOpenStackCpi(kernel, openstack, {
      ...credentials.cpi,
      keyName: "bosh",
      origin: `http://${plan.controller}`,
      source: plan.director,
    }),
  });
  const dns = createDns(kernel, { address: plan.consul });
  const dataservices = createDataServices(kernel, scramIterations === undefined ? {} : { scramIterations });
  return { openstack, bosh, dns, dataservices, plan, directorAddress: plan.director };
}

/** The network between them: names resolve at Consul, security groups say who may connect, jobs of VMs listen. */
function connect(driver: Driver, { dns, dataservices, bosh }: Simulators, admits: World["admits"]): LocalNet {
  const net = new LocalNet(driver);
  net.admits = admits;
  net.resolve = (name) => dns.resolve(name);
  dataservices.admits = admits;
  wireJobs({ kernel: driver.kernel, net, dns, dataservices, behaviours: bosh.behaviours });
  return net;
}

const environmentAt = (driver: Driver, net: LocalNet, address: string): Environment => ({
  fetch: net.fetchFrom(address),
  nowMs: () => driver.kernel.nowMs,
  sleepMs: (ms) => driver.sleep(ms),
  track: (work) => driver.track(work),
  get pace() {
    return driver.kernel.pace;
  },
});

function login(
  credentials: Credentials,
  signing: WorldOptions["signing"],
): { readonly users: readonly DirectorUser[]; readonly uaa?: UaaOptions } {
  const { client, clientSecret, uaaUrl } = credentials.director;
  const user = { name: client, password: clientSecret, scopes: SCOPES };
  if (signing === undefined || uaaUrl === undefined) return { users: [user] };
  return {
    users: [],
    uaa: { url: uaaUrl, ...signing, clients: [{ id: client, secret: clientSecret, scopes: SCOPES }], users: [user] },
  };
}

function openstackEndpoints(openstack: OpenStack, plan: AddressPlan): readonly Endpoint[] {
  return SERVICE_NAMES.map((name) => ({
    name,
    service: openstack.services[name],
    address: plan.controller,
    port: OPENSTACK_PORTS[name],
    tls: false,
  }));
}

function directorEndpoints(bosh: Bosh, address: string): readonly Endpoint[] {
  const director: Endpoint = { name: "director", service: bosh.director, address, port: DIRECTOR_PORT, tls: true };
  return bosh.uaa === undefined
    ? [director]
    : [director, { name: "uaa", service: bosh.uaa, address, port: UAA_PORT, tls: true }];
}
