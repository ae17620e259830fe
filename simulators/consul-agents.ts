import type { JobContext } from "./bosh/index.ts";
import type { DataServices } from "./dataservices/index.ts";
import type { CatalogCheck, Dns } from "./dns/index.ts";
import { AGENT_POINTS as POINTS } from "./consul-agent-points.ts";
import type { Kernel, Slot } from "./kernel/index.ts";

/** The service in the properties of a `consul-agent` job. */
interface Registration {
  readonly node: string;
  readonly service: string;
  readonly alias: string;
  readonly port: number;
}

/** The Consul agent on a VM. */
interface VmAgent extends Registration {
  readonly address: string;
  readonly deployment: string;
  /** Whether its VM has vanished without deregistering it. */
  readonly isLost: boolean;
  /** Whether a data service was ever seen on its VM. */
  readonly hadData: boolean;
}

/** How often an agent looks at its service, and how long the other agents take to notice that one has gone, in ms. */
const CHECK_MS = 10_000;
const SUSPECT_MS = 5000;
/** How long an agent that got no answer waits before it registers again, in ms. */
const AGAIN_MS = 1000;

/** The Consul agents of the platform's VMs: what they register, and the health of their services. */
export class ConsulAgents {
  readonly #kernel: Kernel;
  readonly #dns: Dns;
  readonly #dataservices: DataServices;
  /** By address of the VM. */
  readonly #slot: Slot<Map<string, VmAgent>>;
  readonly #isWatching: Slot<{ is: boolean }>;

  constructor(kernel: Kernel, dns: Dns, dataservices: DataServices) {
    this.#kernel = kernel;
    this.#dns = dns;
    this.#dataservices = dataservices;
    this.#slot = kernel.slot("world/consul-agents", new Map<string, VmAgent>());
    this.#isWatching = kernel.slot("world/consul-agents/watching", { is: false });
    for (const point of Object.values(POINTS)) kernel.faults.define(point);
    kernel.onTimer<{ address: string }>("world/agent-check", ({ address }) => this.#check(address));
    kernel.onTimer<{ address: string }>("world/alias", ({ address }) => this.#registerAlias(address));
    kernel.onTimer("world/agents-watch", () => this.#watch());
    kernel.journal.listen(({ source, kind }) => {
      if (source === "kernel" && (kind === "fault.arm" || kind === "fault.disarm") && !this.#isWatching.value.is)
        kernel.timer(0, "world/agents-watch", null);
    });
    dataservices.onPrimaryMoved((deployment, kind) => {
      const address = dataservices.primaryOf(deployment, kind)?.address;
      if (address !== undefined) this.#claimAlias(address);
    });
  }

  /** The agent of a VM registers its node and its service; the alias that clients connect to is registered where the primary is. */
  start(context: JobContext): void {
    const { ip, index, deployment, properties } = context;
    const registration = registrationOf(properties);
    const { service, port, alias } = registration;
    const agent: VmAgent = {
      ...registration,
      node: `${registration.node}-${index}`,
      address: ip,
      deployment,
      isLost: false,
      hadData: false,
    };
    this.#slot.value.set(ip, agent);
    const { catalog } = this.#dns;
    catalog.registerNode(agent.node, ip);
    catalog.registerCheck(serfCheck(agent, true));
    catalog.registerService({
      node: agent.node,
      id: service,
      name: service,
      address: ip,
      port,
      tags: [],
      meta: {},
      weights: { passing: 1, warning: 1 },
    });
    if (catalog.check(agent.node, checkId(agent)) === undefined)
      catalog.registerCheck(serviceCheck(agent, "critical", ""));
    this.checkSoon(ip);
    if (this.#isPrimary(context)) catalog.registerNode(alias, ip);
  }

  /** An agent whose VM is deleted leaves, and its names go with it; one that is stopped while its VM lives is started again. */
  stop({ ip, index, properties }: JobContext, isGone: boolean): void {
    if (!isGone) return;
    const { node, alias } = registrationOf(properties);
    const { catalog } = this.#dns;
    this.#slot.value.delete(ip);
    catalog.deregisterNode(`${node}-${index}`);
    if (catalog.node(alias)?.address === ip) catalog.deregisterNode(alias);
  }

  /** The VM at an address is gone: the other agents notice after a while that this one no longer answers. */
  lose(address: string): void {
    const agent = this.#slot.value.get(address);
    if (agent === undefined) return;
    this.#slot.value.set(address, { ...agent, isLost: true });
    this.#kernel.timer(SUSPECT_MS, "world/agent-check", { address });
  }

  /** Something happened to an agent's service, which it notices when it next looks. */
  checkSoon(address: string): void {
    if (!this.#slot.value.has(address)) return;
    this.#kernel.timer(this.#kernel.random("world/consul-agents").int(0, CHECK_MS), "world/agent-check", { address });
  }

  /** Does the VM carry the primary that clients should connect to? Without a data service, the first VM counts as the primary. */
  #isPrimary({ ip, deployment, bootstrap }: JobContext): boolean {
    const instance = this.#dataservices.at(ip);
    if (instance === undefined) return bootstrap;
    return this.#dataservices.primaryOf(deployment, instance.kind)?.address === ip;
  }

  /** A replica has become the primary. */
  #claimAlias(address: string): void {
    const agent = this.#slot.value.get(address);
    if (agent === undefined) return;
    const { alias } = agent;
    const effect = this.#kernel.faults.at(POINTS.alias, { ...attributesOf(agent), alias });
    if (effect?.kind === "reset") return;
    if (effect?.kind === "delay") return void this.#kernel.timer(effect.delayMs, "world/alias", { address });
    this.#registerAlias(address);
    if (effect?.kind === "lost-reply") this.#kernel.timer(AGAIN_MS, "world/alias", { address });
  }

  #registerAlias(address: string): void {
    const agent = this.#slot.value.get(address);
    if (agent !== undefined) this.#dns.catalog.registerNode(agent.alias, address);
  }

  /** Evaluates an agent and its service, and writes what has changed. */
  #check(address: string): void {
    const agent = this.#slot.value.get(address);
    if (agent === undefined) return;
    const { faults } = this.#kernel;
    const attributes = attributesOf(agent);
    const isAlive = !agent.isLost && faults.at(POINTS.agent, attributes) === undefined;
    this.#write(serfCheck(agent, isAlive));
    // A dead agent writes nothing.
    if (agent.isLost || faults.at(POINTS.sync, attributes) !== undefined) return;
    this.#maintain(agent, faults.at(POINTS.maintenance, attributes)?.message);
    const effect = faults.at(POINTS.check, attributes);
    if (effect?.kind === "stuck") return;
    if (effect?.kind === "error") return this.#write(serviceCheck(agent, "critical", effect.message));
    const instance = this.#dataservices.at(address);
    if (instance !== undefined && !agent.hadData) this.#slot.value.set(address, { ...agent, hadData: true });
    // A service that is not a data service of the world answers as long as its VM exists.
    const isUp = instance === undefined ? !agent.hadData : instance.state === "running";
    const at = `${address}:${agent.port}`;
    this.#write(
      isUp
        ? serviceCheck(agent, "passing", `TCP connect ${at}: Success`)
        : serviceCheck(agent, "critical", `dial tcp ${at}: connect: connection refused`),
    );
  }

  #maintain(agent: VmAgent, reason: string | undefined): void {
    const { catalog } = this.#dns;
    const known = catalog.check(agent.node, MAINTENANCE);
    if (reason !== undefined)
      this.#write({ ...blank(agent, MAINTENANCE, "Node Maintenance Mode"), status: "critical", notes: reason });
    else if (known !== undefined) catalog.deregisterCheck(agent.node, MAINTENANCE);
  }

  #write(check: CatalogCheck): void {
    const { catalog } = this.#dns;
    const known = catalog.check(check.node, check.id);
    if (catalog.node(check.node) === undefined) return;
    if (known?.status === check.status && known.output === check.output && known.notes === check.notes) return;
    catalog.registerCheck(check);
  }

  /** While rules are armed every agent looks every ten seconds, and once more when the last rule is gone. */
  #watch(): void {
    const { faults } = this.#kernel;
    const isArmed = [POINTS.check, POINTS.agent, POINTS.maintenance, POINTS.sync].some(({ point }) =>
      faults.isArmed(point),
    );
    const wasWatching = this.#isWatching.value.is;
    if (isArmed || wasWatching) for (const address of this.#slot.value.keys()) this.#check(address);
    this.#isWatching.value = { is: isArmed };
    if (isArmed) this.#kernel.timer(CHECK_MS, "world/agents-watch", null);
  }
}

const MAINTENANCE = "_node_maintenance";

const attributesOf = ({ node, service, deployment }: VmAgent) => ({ node, service, deployment });

const checkId = ({ service }: VmAgent): string => `service:${service}`;

const blank = ({ node }: VmAgent, id: string, name: string): CatalogCheck => ({
  node,
  id,
  name,
  status: "",
  notes: "",
  output: "",
  serviceId: "",
  type: "",
});

const serfCheck = (agent: VmAgent, isAlive: boolean): CatalogCheck => ({
  ...blank(agent, "serfHealth", "Serf Health Status"),
  status: isAlive ? "passing" : "critical",
  output: isAlive ? "Agent alive and reachable" : "Agent not live or unreachable",
});

const serviceCheck = (agent: VmAgent, status: string, output: string): CatalogCheck => ({
  ...blank(agent, checkId(agent), `Service '${agent.service}' check`),
  status,
  output,
  serviceId: agent.service,
  type: "tcp",
});

/** @throws Error for properties that describe no service */
function registrationOf({ node, service, alias, port }: JobContext["properties"]): Registration {
  if (typeof node === "string" && typeof service === "string" && typeof alias === "string" && typeof port === "number")
    return { node, service, alias, port };
  throw new Error("job consul-agent: properties need node, service and alias (texts) and port (a number)");
}
