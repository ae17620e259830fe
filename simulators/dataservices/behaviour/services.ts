import { defineRealWork, type RealWork } from "./real-work.ts";
import type { Kernel, Slot } from "../../kernel/index.ts";
import type { DataServicesState, Instance, Kind } from "../state.ts";

/** Whether `source` may open a connection to `address:port`, according to the world's security groups. */
export type Admission = (source: string, address: string, port: number) => boolean;

/** Observes what happens in the world: for code that holds sockets or processes. */
export interface Observer {
  /** The data service at this address was started, given other properties or stopped; `isGone`: with its VM. */
  onChanged(address: string, isGone?: boolean): void;
  /** Another node is the primary of a group now. */
  onPrimaryMoved(deployment: string, kind: Kind): void;
  onDiskDestroyed(disk: string): void;
  onDiskCopied(from: string, to: string): void;
}

/** Real servers behind the instances. They answer with promises, so only a world on the wall clock can have them. */
export interface RealServers {
  /** Set where they only stand in for real servers: see `absentServers`. */
  readonly isAbsent?: true;
  /** Whether a real server stands behind this instance. */
  covers(instance: Pick<Instance, "kind">): boolean;
  /** Whether the real servers of a group replicate, and the plane supervises them. */
  replicates(instance: Pick<Instance, "kind">): boolean;
  /** The name and version of the program that serves an instance. @throws LivePlaneError if nothing can */
  identify(
    instance: Instance,
  ): Promise<{ readonly name: string; readonly version: string; readonly isEmbedded: boolean }>;
  /** Wakes the group of an instance if it is at rest, because somebody asks about its nodes. */
  wake(instance: Instance): void;
  /** Makes the users of a running server match those of the disk; ends the sessions of removed ones. */
  applyUsers(instance: Instance): Promise<void>;
  /** A dump, as a stream. @throws DataServiceError DS_NOT_COVERED */
  dump(instance: Instance, defects: DumpDefects): AsyncIterable<Uint8Array>;
  /** Stores an incoming stream in a file, which is forgotten with the world. @throws Error if the stream breaks off */
  keep(stream: AsyncIterable<Uint8Array>): Promise<KeptFile>;
  forget(file: KeptFile): Promise<void>;
  /** @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP, DS_NOT_RESTORED */
  restore(instance: Instance, order: RestoreOrder): Promise<void>;
  /** Work on the log of an instance that keeps one. @throws DataServiceError DS_NOT_SIMULATED if it keeps none */
  log<T>(instance: Instance, work: (log: FinishedLog) => Promise<T>): Promise<T>;
}

/** A file outside of the world, by its path. Plain data. */
export interface KeptFile {
  readonly path: string;
  readonly bytes: number;
}

/** The input of a restore on a real server. */
export interface RestoreOrder {
  readonly dump: KeptFile;
  readonly defects: RestoreDefects;
  /** A moment after the dump, and the files of the log that lead there, by name. */
  readonly target?: { readonly atMs: number; readonly log: ReadonlyMap<string, KeptFile> };
}

/** The files of a log that are finished and not collected yet. */
export interface FinishedLog {
  /**
   * Finishes the file in use, if anything was written, and lists the finished files, oldest first.
   *
   * @returns `untilMs`: every moment until then can be restored with these files and the earlier ones, ms since the Unix epoch
   */
  finish(): Promise<{ readonly files: readonly string[]; readonly untilMs: number }>;
  /** @throws DataServiceError DS_NOT_A_DUMP if there is no such file */
  read(file: string): Promise<Uint8Array>;
  /** Forgets a file that was collected. */
  remove(file: string): Promise<void>;
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

/** The simulator, as its parts see it. It passes events on to all `observers`. */
export interface DataServices extends Observer {
  readonly kernel: Kernel;
  readonly slot: Slot<DataServicesState>;
  readonly scramIterations: number;
  admits: Admission;
  /** Set by a live plane for as long as it is open. */
  real: RealServers | undefined;
  readonly realWork: RealWork;
  readonly observers: Set<Observer>;
  /** Restores that are in progress, by place and name. */
  readonly restoring: Set<string>;
  /** Files of logs that were sent ahead of a restore, by its place and name, and by file. Files are not part of the world. */
  readonly stagedLogs: Map<string, Map<string, KeptFile>>;
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
    realWork: defineRealWork(kernel),
    observers,
    restoring: new Set(),
    stagedLogs: new Map(),
    onChanged: (address, isGone) => observers.forEach((observer) => observer.onChanged(address, isGone)),
    onPrimaryMoved: (deployment, kind) => observers.forEach((observer) => observer.onPrimaryMoved(deployment, kind)),
    onDiskDestroyed: (disk) => observers.forEach((observer) => observer.onDiskDestroyed(disk)),
    onDiskCopied: (from, to) => observers.forEach((observer) => observer.onDiskCopied(from, to)),
    endSessions: ({ address }, username) => {
      const open = slot.value.sessions.get(address);
      for (const session of open?.values() ?? [])
        if (username === undefined || session.username === username) open?.delete(session.id);
      if (open?.size === 0) slot.value.sessions.delete(address);
    },
  };
}
