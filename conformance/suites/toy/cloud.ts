import type { JsonObject } from "../../client/http/json.ts";
import {
  type Address,
  DataError,
  type DataPlane,
  type DataSession,
  type Login,
  type Vantage,
} from "../../data/plane.ts";
import { ENGINES } from "../../data/engines.ts";
import type { Statement, TableRows } from "../../data/statement.ts";
import { type Behaviour, RIGHT, TOY_PORT, type ToyBinding, type ToyInstance, type ToyPlace } from "./behaviour.ts";
import { ALL_EXTRAS, emptyStore, run } from "./engine.ts";
import { ToyVault } from "./vault.ts";

/** Where the agent of an instance listens, for the platform alone. */
export const TOY_AGENT_PORT = 3100;
/** Where SSH of an instance's VM listens. */
export const TOY_SSH_PORT = 22;

const placeOf = (from: Vantage): ToyPlace => (typeof from === "string" ? from : "tenant");

/** Other instances, oldest first, which a defect may affect. */
export function neighboursOf(cloud: ToyCloud, instance: ToyInstance): readonly ToyInstance[] {
  return [...cloud.instances.values()].filter((each) => each !== instance);
}

/** Where the management plane listens. */
const MANAGEMENT: Address = { host: "director.toy.test", port: 25_555 };

/** Where Erlang's port mapper listens, for the nodes of a cluster alone. */
export const TOY_ERLANG_PORT = 4369;

const LISTENING: readonly number[] = [TOY_PORT, TOY_AGENT_PORT, TOY_SSH_PORT, TOY_ERLANG_PORT];

/** Statements that only read. */
const LOOKS: ReadonlySet<Statement["do"]> = new Set(["tables", "rows", "columns", "objects", "begin", "native"]);

/** How toy clouds differ, apart from their behaviour. */
interface ToyCloudOptions {
  /** The header by which a platform is known. Default: none is needed. */
  readonly login?: string;
}

/** Instances with their databases, their backups, and a network through which to reach them. */
export class ToyCloud {
  readonly instances = new Map<string, ToyInstance>();
  readonly does: Behaviour;
  readonly vault: ToyVault;
  login: string | undefined;
  /** The faults that are currently planted. */
  readonly faults = new Set<string>();
  /** Instances that are gone. */
  readonly gone = new Map<string, ToyInstance>();
  /** The host that the next instance gets, if an address is reused on purpose. */
  addressToReuse: string | undefined;
  /** Sessions of the instances' pages, removed roles, and the number of logins begun. */
  readonly pages = { sessions: new Map<string, string>(), removed: new Set<string>(), logins: 0 };
  /** Lets time pass while a request is answered. */
  passMs: (ms: number) => void = () => {};
  /** The platform's log. */
  readonly logLines: string[] = [];
  /** The time, in milliseconds since 1970; it advances while somebody waits. */
  nowMs: () => number = () => 0;
  #made = 0;

  constructor(changes: Partial<Behaviour> = {}, { login }: ToyCloudOptions = {}) {
    this.does = { ...RIGHT, ...changes };
    this.vault = new ToyVault(this);
    this.login = login;
  }

  provision(id: string, request: JsonObject = {}): ToyInstance {
    const database = `d${(++this.#made).toString(16).padStart(7, "0")}`;
    const instance: ToyInstance = {
      id,
      database,
      host: this.addressToReuse ?? `${database}.toy.test`,
      store: emptyStore(),
      bindings: new Map(),
      users: new Map(),
      admitted: new Set(),
      sessions: new Map(),
      log: [],
      request,
      ran: [],
      settings: new Map([["work_mem", "4096"]]),
      isLocked: false,
      isFull: false,
    };
    this.instances.set(id, instance);
    this.does.onProvision(instance, this);
    return instance;
  }

  deprovision(instance: ToyInstance): void {
    this.instances.delete(instance.id);
    this.gone.set(instance.id, instance);
    this.does.onDeprovision(instance, this);
  }

  bind(instance: ToyInstance, id: string, request: JsonObject): ToyBinding {
    const binding = { id, request, ...this.does.mint(instance, id, ++this.#made) };
    instance.bindings.set(id, binding);
    this.does.onBind(instance, binding, this);
    return binding;
  }

  #at(host: string): ToyInstance | undefined {
    return [...this.instances.values()].find((instance) => instance.host === host);
  }

  /**
   * The data plane to the databases. With `isKnowing` it is an operator's, which knows the address of an
   * instance without a binding.
   */
  plane({ isKnowing = true } = {}): DataPlane {
    return {
      clients: new Set(ENGINES),
      hasOutsider: true,
      hasTenantVm: true,
      platformPorts: [TOY_AGENT_PORT],
      management: [MANAGEMENT],
      resolve: async (host) => {
        const isKnown = this.#at(host) !== undefined || host === MANAGEMENT.host;
        const wasKnown = this.does.namesOutlive && [...this.gone.values()].some((each) => each.host === host);
        if (!isKnown && !wasKnown && !this.#isMadeUp(host))
          throw new DataError("unreachable", `getaddrinfo ENOTFOUND ${host}`);
        return host;
      },
      connect: async (login, from) => {
        const instance = this.#at(login.host);
        const isOwn = typeof from === "object" && from.vmOf === login.host;
        return this.#connect(instance, login, placeOf(from), isOwn);
      },
      certificate: async ({ host }) => {
        const instance = this.#at(host);
        return instance && this.does.certificate(instance);
      },
      transferZone: async () => (this.does.transfersZones ? [...this.instances.values()].map(({ host }) => host) : []),
      ask: async (request) => this.does.registry(request, this),
      reach: async (address, from) => this.#reach(address, placeOf(from)),
      ...(isKnowing && {
        locate: async (id: string) => {
          const instance = this.instances.get(id);
          return instance && { host: instance.host, port: TOY_PORT };
        },
      }),
    };
  }

  /** A name that was never given. */
  #isMadeUp(host: string): boolean {
    const isGiven = [...this.instances.values(), ...this.gone.values()].some((each) => each.host === host);
    if (host === MANAGEMENT.host) return false;
    return this.does.unknownNamesLead && !isGiven && host.endsWith(".toy.test");
  }

  #reach({ host, port }: Address, from: ToyPlace): "open" | "shut" {
    if (this.#isMadeUp(host)) return "open";
    if (host === MANAGEMENT.host) return this.does.isManagementOpen ? "open" : "shut";
    const instance = this.#at(host);
    const isHeard = LISTENING.includes(port) && instance !== undefined;
    return isHeard && this.does.reaches(instance, port, from) ? "open" : "shut";
  }

  /** A server can always be reached from its own VM. */
  #connect(instance: ToyInstance | undefined, login: Login, from: ToyPlace, isOwn: boolean): DataSession {
    const isReached = instance !== undefined && (isOwn || this.does.reaches(instance, TOY_PORT, from));
    if (instance === undefined || login.port !== TOY_PORT || !isReached)
      throw new DataError("unreachable", `connect ECONNREFUSED ${login.host}:${login.port}`);
    if (!this.does.admits(instance, login, this))
      throw new DataError("denied", `password authentication failed for user "${login.username}"`, "28P01");
    if (!this.does.hasRoom(instance, this)) throw new DataError("failed", "too many connections", "53300");
    const session: DataSession = {
      extras: ALL_EXTRAS,
      run: async (statement) => {
        if (!instance.sessions.has(session)) throw new DataError("lost", "terminating connection", "57P01");
        return this.#run(instance, login.username, statement);
      },
      close: async () => void instance.sessions.delete(session),
    };
    instance.sessions.set(session, login.username);
    return session;
  }

  #run(instance: ToyInstance, username: string, statement: Statement): TableRows {
    if (statement.do === "native") {
      const rows = this.does.native(statement.text, username, instance, this);
      if (rows !== undefined) return rows;
      throw new DataError("failed", "permission denied", "42501");
    }
    const isWrite = !LOOKS.has(statement.do);
    if (isWrite && instance.isLocked) throw new DataError("failed", "the database is read-only", "25006");
    if (isWrite && instance.isFull) throw new DataError("failed", "could not extend file: no space left", "53100");
    const rows = run(instance.store, statement);
    if (isWrite) instance.log.push({ atMs: this.nowMs(), did: statement });
    return rows;
  }
}
