import { Imports } from "./imports.ts";
import { isObject, type Kernel, type Slot } from "../../kernel/index.ts";
import { Datacenter } from "./datacenter.ts";
import { Agent } from "./agent.ts";
import type { AgentOptions } from "./member.ts";
import { configuredCheck, configuredService } from "./definitions.ts";
import { UserEvents } from "./user-events.ts";

/** Log entries before anything is written: the peers' configuration and the new leader's barrier. */
const FIRST_ENTRIES = 2;
/** How long a server must be up before it counts as stable. */
const STABILISATION_MS = 10_000;
/** Log entries that the mesh, which a development agent enables, writes at its start: its certificate authority and its roots. */
const MESH_ENTRIES = 6;

/** The time until the other members consider one dead. */
const SUSPECT_MS = 5000;
/** The time until a leader without a majority steps down. */
const LEASE_MS = 2500;
/** The time until the leader has recorded that a member left. */
const LEAVE_MS = 500;

/** How servers look after themselves, in Consul's own shape. */
interface Autopilot {
  readonly CleanupDeadServers: boolean;
  readonly LastContactThreshold: string;
  readonly MaxTrailingLogs: number;
  readonly MinQuorum: number;
  readonly ServerStabilizationTime: string;
  readonly RedundancyZoneTag: string;
  readonly DisableUpgradeMigration: boolean;
  readonly UpgradeVersionTag: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

const AUTOPILOT: Omit<Autopilot, "CreateIndex" | "ModifyIndex"> = {
  CleanupDeadServers: true,
  LastContactThreshold: "200ms",
  MaxTrailingLogs: 250,
  MinQuorum: 0,
  ServerStabilizationTime: "10s",
  RedundancyZoneTag: "",
  DisableUpgradeMigration: false,
  UpgradeVersionTag: "",
};

/** All agents of all datacenters that know each other. */
export class Cluster {
  readonly kernel: Kernel;
  readonly datacenters = new Map<string, Datacenter>();
  readonly agents = new Map<string, Agent>();
  readonly events: UserEvents;
  readonly #imports: Imports;
  readonly #autopilot: Slot<Map<string, Autopilot>>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.#autopilot = kernel.slot("dns/autopilot", new Map());
    this.#imports = new Imports(kernel, this.datacenters);
    this.events = new UserEvents(kernel);
    kernel.onTimer<{ agent: string }>("dns/agent-failed", ({ agent }) => this.#markFailed(agent));
    kernel.onTimer<{ agent: string }>("dns/quorum", ({ agent }) =>
      this.#checkQuorum(this.#requireAgent(agent).datacenter),
    );
    kernel.onTimer<{ agent: string }>("dns/agent-left", ({ agent }) => this.#deregisterMember(agent));
  }

  add(options: AgentOptions, hasLeader: boolean): Agent {
    const name = options.config.datacenter ?? "dc1";
    const datacenter = this.datacenters.get(name) ?? this.#createDatacenter(name, options, hasLeader);
    const agent = new Agent(this.kernel, options, datacenter);
    this.agents.set(options.name, agent);
    agent.join();
    agent.onReload = (changed) => this.#reload(agent, changed);
    for (const fields of options.config.services ?? []) {
      const { service, checks } = configuredService(agent.name, fields, options.profile.isToday);
      agent.local.addService(service, checks, false);
    }
    for (const fields of options.config.checks ?? [])
      agent.local.addCheck(configuredCheck(agent.name, fields, options.profile.isToday));
    return agent;
  }

  /** Replaces the services and checks of the old file with those of the new one; a development agent forgets those that came over HTTP. */
  #reload(agent: Agent, changed: Readonly<Record<string, unknown>>): string | undefined {
    const { config, isDev, profile } = agent.options;
    const read = (name: "services" | "checks"): readonly Readonly<Record<string, unknown>>[] => {
      const given = changed[name];
      return Array.isArray(given) ? given.filter(isObject) : (config[name] ?? []);
    };
    try {
      const services = read("services").map((fields) => configuredService(agent.name, fields, profile.isToday));
      const checks = read("checks").map((fields) => configuredCheck(agent.name, fields, profile.isToday));
      if (isDev) {
        const kept = new Set(services.map(({ service }) => service.id));
        for (const id of agent.local.state.services.keys()) if (!kept.has(id)) agent.local.removeService(id);
      }
      for (const { service, checks: own } of services) agent.local.addService(service, own, false);
      for (const check of checks) agent.local.addCheck(check);
      return undefined;
    } catch (error) {
      if (error instanceof Error) return `Failed reloading services: ${error.message}`;
      throw error;
    }
  }

  #createDatacenter(name: string, { config, isDev, profile }: AgentOptions, hasLeader: boolean): Datacenter {
    const acl = {
      isToday: profile.isToday,
      enabled: config.acl?.enabled ?? false,
      isDeny: config.acl?.default_policy === "deny",
      master: config.acl?.tokens?.initial_management ?? config.acl?.tokens?.master ?? "",
    };
    const datacenter = new Datacenter(this.kernel, name, acl, hasLeader, profile);
    this.datacenters.set(name, datacenter);
    datacenter.findImported = (from, peer) => this.#imports.of(from, peer);
    for (let entry = 0; entry < FIRST_ENTRIES; entry++) datacenter.store.next();
    datacenter.acl.begin();
    const index = datacenter.store.next();
    this.#autopilot.value.set(name, { ...AUTOPILOT, CreateIndex: index, ModifyIndex: index });
    for (let entry = 0; isDev && entry < MESH_ENTRIES; entry++) datacenter.store.next();
    if (profile.isToday) datacenter.beginMesh(index, config.connect?.enabled ?? isDev);
    datacenter.catalog.listener = {
      onLost: (node, check, index) => datacenter.releaseDependents(node, check, index),
      onWritten: (node) => this.#suspectAgent(datacenter, node),
      meshAddresses: (service) => (profile.isToday ? datacenter.meshAddresses(service) : {}),
      onExtinct: (service) => datacenter.configEntries.releaseAddress(service),
    };
    return datacenter;
  }

  /** After a write to an agent's own node, has the agent repair the catalog. */
  #suspectAgent(datacenter: Datacenter, node: string): void {
    for (const each of this.agents.values())
      if (each.datacenter === datacenter && each.local.followsNodes) each.local.scheduleSync();
    const agent = this.agents.get(node);
    if (agent !== undefined && agent.datacenter === datacenter && !agent.isSyncing) agent.local.scheduleRepair();
  }

  membersOf(datacenter: Datacenter): readonly Agent[] {
    return [...this.agents.values()].filter((agent) => agent.datacenter === datacenter);
  }

  /** Whether the servers have been up, all of them, for long enough that their autopilot calls them healthy. */
  isSettled(datacenter: Datacenter): boolean {
    const isWhole = this.serversOf(datacenter).length === this.peersOf(datacenter).length;
    return isWhole && this.kernel.nowMs - datacenter.bornMs >= STABILISATION_MS;
  }

  serversOf(datacenter: Datacenter): readonly Agent[] {
    return this.membersOf(datacenter).filter(({ options, membership }) => options.isServer && membership === "alive");
  }

  /** Kills an agent, which does not leave gracefully: the others notice. */
  kill(name: string): void {
    const agent = this.#requireAgent(name);
    agent.membership = "failed";
    this.kernel.record("dns", "agent.kill", name);
    this.kernel.timer(LEASE_MS, "dns/quorum", { agent: name });
    this.kernel.timer(SUSPECT_MS, "dns/agent-failed", { agent: name });
  }

  leave(name: string): void {
    this.#requireAgent(name).membership = "left";
    this.kernel.record("dns", "agent.leave", name);
    this.kernel.timer(LEAVE_MS, "dns/agent-left", { agent: name });
  }

  #requireAgent(name: string): Agent {
    const agent = this.agents.get(name);
    if (agent === undefined) throw new Error(`no agent ${name}`);
    return agent;
  }

  /** How a datacenter can be reached from another: its servers may have left it, or be known and silent. */
  reachOf(datacenter: Datacenter): "reached" | "unknown" | "unreachable" {
    if (datacenter.isCutOff) return "unreachable";
    if (this.serversOf(datacenter).length > 0) return "reached";
    return this.peersOf(datacenter).length > 0 ? "unreachable" : "unknown";
  }

  /** Servers that have not left, whether they answer or not. */
  peersOf(datacenter: Datacenter): readonly Agent[] {
    return this.membersOf(datacenter).filter(({ options, membership }) => options.isServer && membership !== "left");
  }

  #checkQuorum(datacenter: Datacenter): void {
    const [alive, all] = [this.serversOf(datacenter).length, this.peersOf(datacenter).length];
    if (datacenter.hasLeader && alive * 2 <= all) datacenter.loseLeader();
  }

  #markFailed(name: string): void {
    const agent = this.#requireAgent(name);
    if (agent.membership === "failed" && agent.datacenter.hasLeader) agent.fail();
  }

  #deregisterMember(name: string): void {
    const agent = this.#requireAgent(name);
    if (agent.membership === "left") agent.datacenter.catalog.deregisterNode(name);
  }

  autopilotOf(datacenter: Datacenter): Autopilot {
    const autopilot = this.#autopilot.value.get(datacenter.name);
    if (autopilot === undefined) throw new Error(`no autopilot of datacenter ${datacenter.name}`);
    return autopilot;
  }

  setAutopilot(datacenter: Datacenter, autopilot: Autopilot): void {
    this.#autopilot.value.set(datacenter.name, autopilot);
  }
}
