import type { Kernel, Slot } from "../../kernel/index.ts";
import type { DataServicesState, Instance } from "../state.ts";

/** May `source` open a connection to `address:port`? The world's security groups answer. */
export type Admission = (source: string, address: string, port: number) => boolean;

/** What happened in the world that whoever holds sockets or processes must follow. */
export interface Observer {
  /** The data service at this address was started, changed or stopped. */
  changed(address: string): void;
  diskDestroyed(disk: string): void;
  diskCopied(from: string, to: string): void;
}

/** Real servers behind the instances. Promises: only for a world that follows the wall. */
export interface RealServers {
  /** Does a real server stand behind this instance? */
  covers(instance: Instance): boolean;
  /** Brings the users of the server, if it runs, to what the disk says; ends the sessions of those that are gone. */
  applyUsers(instance: Instance): Promise<void>;
  dump(instance: Instance, defects: DumpDefects): Promise<Uint8Array>;
  /** @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP */
  restore(instance: Instance, dump: Uint8Array, defects: RestoreDefects): Promise<void>;
}

/** Defects of a dump, planted by fault points. */
export interface DumpDefects {
  readonly isTorn: boolean;
  readonly isShort: boolean;
}

/** Defects of a restore, planted by fault points. */
export interface RestoreDefects {
  readonly isAppending: boolean;
  readonly isTrusting: boolean;
  readonly keepsSessions: boolean;
}

/** The simulator, as its parts see it. */
export interface DataServices {
  readonly kernel: Kernel;
  readonly slot: Slot<DataServicesState>;
  readonly scramIterations: number;
  admits: Admission;
  real: RealServers | undefined;
  readonly observers: Set<Observer>;
  changed(address: string): void;
  diskDestroyed(disk: string): void;
  diskCopied(from: string, to: string): void;
  /** Ends the open virtual sessions at an instance: of one user, or all. */
  endSessions(instance: Instance, username?: string): void;
}

/** Makes the parts; nothing runs yet. */
export function createServices(
  kernel: Kernel,
  slot: Slot<DataServicesState>,
  options: { readonly admits: Admission; readonly scramIterations: number },
): DataServices {
  const observers = new Set<Observer>();
  return {
    kernel,
    slot,
    ...options,
    real: undefined,
    observers,
    changed: (address) => observers.forEach((observer) => observer.changed(address)),
    diskDestroyed: (disk) => observers.forEach((observer) => observer.diskDestroyed(disk)),
    diskCopied: (from, to) => observers.forEach((observer) => observer.diskCopied(from, to)),
    endSessions: ({ address }, username) => {
      const open = slot.value.sessions.get(address);
      for (const session of open?.values() ?? [])
        if (username === undefined || session.username === username) open?.delete(session.id);
      if (open?.size === 0) slot.value.sessions.delete(address);
    },
  };
}
