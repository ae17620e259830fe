import { type AddressPlan, addressPlan, DIRECTOR_PORT, OPENSTACK_PORTS, UAA_PORT } from "./addresses.ts";
import { type Bosh, createBosh, type JobBehaviours } from "./bosh/index.ts";
import { type Credentials, credentialsOf, login } from "./credentials.ts";
import { createOpenStackCpi } from "./bosh/openstack-cpi/cpi.ts";
import { type Driver, VirtualDriver, WallDriver, wallNowMs } from "./kernel/edge/drive.ts";
import { LocalNet } from "./kernel/edge/local.ts";
import { Kernel, type SecretStream, type Service } from "./kernel/index.ts";
import { createDataServices, type DataServices } from "./dataservices/index.ts";
import type { Environment } from "./environment.ts";
import { type ConsulConfig, createDns, type Dns, type Probe } from "./dns/index.ts";
import type { ConsulSettings, WorldOptions } from "./world-options.ts";
import { createNames, type Names } from "./names.ts";
import { worldProbe } from "./probes.ts";
import { defineJobBehaviours } from "./job-behaviours.ts";
import { findBrokenLaws, type Law } from "./laws.ts";
import { createOpenStack, type OpenStack, SERVICE_NAMES } from "./openstack/index.ts";

export { expectsVm } from "./bosh/index.ts";
export type { Credentials } from "./credentials.ts";
export type { ConsulSettings, WorldOptions } from "./world-options.ts";

/** One fake cloud: the simulators, wired. */
export interface World {
  readonly kernel: Kernel;
  readonly driver: Driver;
  readonly net: LocalNet;
  readonly plan: AddressPlan;
  readonly openstack: OpenStack;
  readonly bosh: Bosh;
  readonly dns: Dns;
  /** BOSH DNS and Designate's name server. */
  readonly names: Names;
  readonly dataservices: DataServices;
  readonly credentials: Credentials;
  /** The behaviours of VMs' jobs in this world, by job name. */
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
  /** Whether `source` may connect to `address:port`, according to the security groups of the VM there; nobody may connect to an address without a VM. */
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

/** Makes a fake cloud. Nothing runs on it yet: `scenarios/story/inception.ts` deploys a platform. */
export function createWorld(options: WorldOptions = {}): World {
  const kernel = createKernel(options);
  const virtual = options.time === "wall" ? undefined : new VirtualDriver(kernel);
  const driver: Driver = virtual ?? new WallDriver(kernel, options.startMs, options.startMs !== undefined);
  const plan = addressPlan(options.block);
  const credentials = credentialsOf(kernel, plan, options.signing !== undefined && options.director?.isBasic !== true);
  // Consul is made before the network in which its checks run.
  const probes: { perform: Probe } = { perform: () => ({ kind: "refused" }) };
  const parts = createSimulators(kernel, plan, credentials, options, (request) => probes.perform(request));
  const { openstack, bosh } = parts;
  const admits = (source: string, address: string, port: number): boolean =>
    source === address || address === plan.controller || (openstack.admitted(source, address, port) ?? false);
  const net = connect(driver, parts, admits);
  const { dataservices } = parts;
  probes.perform = worldProbe({ driver, net, dataservices, resolve: net.resolve, outside: options.outside });
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
    ...(options.time === "wall" && { startMs: options.startMs ?? wallNowMs() }),
    ...(options.journalEventsMax !== undefined && { journalEventsMax: options.journalEventsMax }),
  });
}

type Simulators = Pick<World, "openstack" | "bosh" | "dns" | "names" | "dataservices" | "plan" | "directorAddress">;

function createSimulators(
  kernel: Kernel,
  plan: AddressPlan,
  credentials: Credentials,
  { signing, scramIterations, analysisMs, profile, director, consul }: WorldOptions,
  probe: Probe,
): Simulators {
  const openstack = createOpenStack(kernel, {
    admin: { ...credentials.openstackAdmin, user: credentials.openstackAdmin.username },
    ...(profile !== undefined && { profile }),
  });
  const bosh = createBosh(kernel, {
    ...login(credentials, director?.isBasic === true ? undefined : signing, director?.users ?? []),
    ...director?.options,
    ...(director?.hasConfigServer !== false && {
      configServer: { url: `https://${plan.director}:${CONFIG_SERVER_PORT}` },
    }),
    ...(analysisMs !== undefined && { analysisMs }),
    cpi: createOpenStackCpi(kernel, openstack, {
      ...credentials.cpi,
      keyName: "bosh",
      origin: `http://${plan.controller}`,
      source: plan.director,
    }),
  });
  const dns = createDns(kernel, {
    address: plan.consul,
    config: consulConfig(consul),
    ...(consul?.version !== undefined && { version: consul.version }),
    probe,
  });
  const names = createNames(kernel, { bosh, dns, openstack, plan });
  const dataservices = createDataServices(kernel, scramIterations === undefined ? {} : { scramIterations });
  return { openstack, bosh, dns, names, dataservices, plan, directorAddress: plan.director };
}

const consulConfig = ({ nodeTtl, serviceTtl }: ConsulSettings = {}): ConsulConfig => ({
  dns_config: {
    ...(nodeTtl !== undefined && { node_ttl: nodeTtl }),
    ...(serviceTtl !== undefined && { service_ttl: { "*": serviceTtl } }),
  },
});

/** The network between them: Consul and BOSH DNS resolve names, security groups decide who may connect, and the jobs of VMs listen. */
function connect(driver: Driver, { dns, names, dataservices, bosh }: Simulators, admits: World["admits"]): LocalNet {
  const net = new LocalNet(driver);
  net.admits = admits;
  net.resolve = (name) => names.resolve(name);
  dataservices.admits = admits;
  defineJobBehaviours({ kernel: driver.kernel, net, dns, dataservices, behaviours: bosh.behaviours });
  return net;
}

/** Where a config server would listen: the director shows the address, and answers for it itself. */
const CONFIG_SERVER_PORT = 8844;

const environmentAt = (driver: Driver, net: LocalNet, address: string): Environment => ({
  fetch: net.fetchFrom(address),
  nowMs: () => driver.kernel.nowMs,
  sleepMs: (ms) => driver.sleep(ms),
  track: (work) => driver.track(work),
  get pace() {
    return driver.kernel.pace;
  },
});

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
