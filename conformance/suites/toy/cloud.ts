import { DataError, type DataPlane, type DataSession, type Login, type Vantage } from "../../data/plane.ts";
import { ALL_EXTRAS, copyOf, emptyStore, replace, run, type Store } from "./engine.ts";

/** A binding with the user that it stands for. */
export interface ToyBinding {
  readonly id: string;
  readonly username: string;
  readonly password: string;
}

/** A service instance with a database of its own. */
export interface ToyInstance {
  readonly id: string;
  readonly host: string;
  readonly database: string;
  readonly store: Store;
  readonly bindings: Map<string, ToyBinding>;
  /** Who may log in, and with what. */
  readonly users: Map<string, string>;
  /** From where the database can be reached now. */
  readonly admitted: Set<ToyPlace>;
  /** Sessions that are open, with the user of each. */
  readonly sessions: Map<object, string>;
}

interface ToyBackup {
  readonly id: string;
  /** Id of the instance that it was taken of. */
  readonly instance: string;
  readonly isDeleted: boolean;
}

/** Where the database of an instance listens. */
export const TOY_PORT = 5432;
/** Where the agent of an instance listens, for the platform alone. */
export const TOY_AGENT_PORT = 3100;
/** Where SSH of an instance's VM listens. */
export const TOY_SSH_PORT = 22;

/** A vantage, whichever tenant's VM it is. */
type ToyPlace = "application" | "outsider" | "tenant";

const placeOf = (from: Vantage): ToyPlace => (typeof from === "string" ? from : "tenant");

/** Other instances, the oldest first: whom a defect may hit. */
export function neighboursOf(cloud: ToyCloud, instance: ToyInstance): readonly ToyInstance[] {
  return [...cloud.instances.values()].filter((each) => each !== instance);
}

/** What a broker, its backups and its firewall do right. A mutant does one of these otherwise. */
export interface Behaviour {
  onProvision(instance: ToyInstance, cloud: ToyCloud): void;
  onBind(instance: ToyInstance, binding: ToyBinding, cloud: ToyCloud): void;
  onUnbind(instance: ToyInstance, binding: ToyBinding, cloud: ToyCloud): void;
  /** What a new binding is given. `serial` is new each time. */
  mint(instance: ToyInstance, id: string, serial: number): Pick<ToyBinding, "username" | "password">;
  /** The binding that a request is about; undefined: a new one is made, or 404 or 410 answered. */
  find(
    operation: "bind" | "fetch" | "poll" | "unbind",
    instance: ToyInstance,
    id: string,
    cloud: ToyCloud,
  ): ToyBinding | undefined;
  /** Whether a backup can be listed, fetched, restored or removed by way of an instance. */
  owns(operation: "list" | "get" | "restore" | "delete", instance: ToyInstance, backup: ToyBackup): boolean;
  dump(instance: ToyInstance, cloud: ToyCloud): Store;
  restore(instance: ToyInstance, dump: Store, cloud: ToyCloud): void;
  /** Whether the network lets somebody through to a port. */
  reaches(instance: ToyInstance, port: number, from: ToyPlace): boolean;
  /** Whether a database lets somebody in who has reached it. */
  admits(instance: ToyInstance, login: Login, cloud: ToyCloud): boolean;
}

/** What a sound cloud does. */
export const RIGHT: Behaviour = {
  onProvision: () => {},
  onBind: (instance, { username, password }) => {
    instance.users.set(username, password);
    instance.admitted.add("application");
  },
  onUnbind: (instance, { id, username }) => {
    instance.bindings.delete(id);
    instance.users.delete(username);
    endSessions(instance, username);
    if (instance.bindings.size === 0) instance.admitted.clear();
  },
  find: (_operation, instance, id) => instance.bindings.get(id),
  mint: (_instance, _id, serial) => ({ username: `u${serial}`, password: `secret-${serial}` }),
  owns: (_operation, instance, backup) => backup.instance === instance.id && !backup.isDeleted,
  dump: ({ store }) => copyOf(store),
  restore: (instance, dump) => {
    endSessions(instance);
    replace(instance.store, dump);
  },
  reaches: ({ admitted }, port, from) => port === TOY_PORT && admitted.has(from),
  admits: ({ users, database }, login) => users.get(login.username) === login.password && login.database === database,
};

/** Ends the sessions of one user, or all. */
export function endSessions({ sessions }: ToyInstance, username?: string): void {
  for (const [session, user] of sessions) if (username === undefined || user === username) sessions.delete(session);
}

const LISTENING: readonly number[] = [TOY_PORT, TOY_AGENT_PORT, TOY_SSH_PORT];

/** Instances with their databases, and a network to reach them by. */
export class ToyCloud {
  readonly instances = new Map<string, ToyInstance>();
  readonly does: Behaviour;
  #made = 0;

  constructor(changes: Partial<Behaviour> = {}) {
    this.does = { ...RIGHT, ...changes };
  }

  provision(id: string): void {
    const database = `d${(++this.#made).toString(16).padStart(7, "0")}`;
    const instance: ToyInstance = {
      id,
      database,
      host: `${database}.toy.test`,
      store: emptyStore(),
      bindings: new Map(),
      users: new Map(),
      admitted: new Set(),
      sessions: new Map(),
    };
    this.instances.set(id, instance);
    this.does.onProvision(instance, this);
  }

  bind(instance: ToyInstance, id: string): ToyBinding {
    const binding = { id, ...this.does.mint(instance, id, ++this.#made) };
    instance.bindings.set(id, binding);
    this.does.onBind(instance, binding, this);
    return binding;
  }

  /** The way to the databases. With `isKnowing`, an operator's: it tells where an instance without a binding listens. */
  plane({ isKnowing = true } = {}): DataPlane {
    const at = (host: string): ToyInstance | undefined =>
      [...this.instances.values()].find((instance) => instance.host === host);
    return {
      hasOutsider: true,
      hasTenantVm: true,
      platformPorts: [TOY_AGENT_PORT],
      resolve: async (host) => {
        if (at(host) === undefined) throw new DataError("unreachable", `getaddrinfo ENOTFOUND ${host}`);
        return host;
      },
      connect: async (login, from) => this.#connect(at(login.host), login, placeOf(from)),
      reach: async ({ host, port }, from) => {
        const instance = at(host);
        const isHeard = LISTENING.includes(port) && instance !== undefined;
        return isHeard && this.does.reaches(instance, port, placeOf(from)) ? "open" : "shut";
      },
      ...(isKnowing && {
        locate: async (id: string) => {
          const instance = this.instances.get(id);
          return instance && { host: instance.host, port: TOY_PORT };
        },
      }),
    };
  }

  #connect(instance: ToyInstance | undefined, login: Login, from: ToyPlace): DataSession {
    if (instance === undefined || login.port !== TOY_PORT || !this.does.reaches(instance, TOY_PORT, from))
      throw new DataError("unreachable", `connect ECONNREFUSED ${login.host}:${login.port}`);
    if (!this.does.admits(instance, login, this))
      throw new DataError("denied", `password authentication failed for user "${login.username}"`, "28P01");
    const session: DataSession = {
      extras: ALL_EXTRAS,
      run: async (statement) => {
        if (!instance.sessions.has(session)) throw new DataError("lost", "terminating connection", "57P01");
        return run(instance.store, statement);
      },
      close: async () => void instance.sessions.delete(session),
    };
    instance.sessions.set(session, login.username);
    return session;
  }
}
