import { randomBytes } from "node:crypto";
import { boundFetch } from "./http/bound-fetch.ts";

/** How the broker touches time, network and entropy; everything else in it is plain computation. */
export interface Host {
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** ms since the Unix epoch. */
  nowMs(): number;
  sleepMs(ms: number): Promise<void>;
  /** As `sleepMs`, but never shortened: for time that is another's, not the backend's. */
  waitMs(ms: number): Promise<void>;
  /** Calls again and again, this far apart, until the answer is called. */
  every(periodMs: number, work: () => void): () => void;
  randomBytes(count: number): Uint8Array;
  /** Says that work goes on that is neither a fetch nor a sleep (the store, compression). In real life it changes nothing. */
  track<T>(work: Promise<T>): Promise<T>;
}

/** What is special about the network and the clock of a process. */
interface RealHostOptions {
  /** Address of this machine that connections come from. Default: as the system chooses. */
  readonly from?: string;
  /** Factor on pauses. Default 1; less where the backend's work takes less than its real time. */
  readonly pace?: number;
}

/** Longest time that a backend may take for one answer. */
const ANSWER_MS_MAX = 300_000;

/** This machine's network, clock and entropy. */
export function realHost({ from, pace = 1 }: RealHostOptions = {}): Host {
  const send = from === undefined ? fetch : boundFetch(from);
  return {
    fetch: (url, init) => send(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX), ...init }),
    nowMs: () => Date.now(),
    sleepMs: (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(1, ms * pace))),
    waitMs: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    every: (periodMs, work) => {
      const timer = setInterval(work, periodMs);
      timer.unref();
      return () => clearInterval(timer);
    },
    randomBytes: (count) => randomBytes(count),
    track: (work) => work,
  };
}

/** A promise that never settles: a process that was killed does not go on. */
const never = <T>(): Promise<T> => new Promise(() => {});

/** A host that can be cut off: from then on nothing that was awaited comes back and nothing new goes out, as after SIGKILL. */
export function mortalHost(host: Host): { readonly host: Host; readonly kill: () => void } {
  let alive = true;
  const periodic = new Set<() => void>();
  const whileAlive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!alive) return never();
    try {
      const value = await work();
      return alive ? value : never();
    } catch (error) {
      if (!alive) return never();
      throw error;
    }
  };
  return {
    host: {
      fetch: (url, init) => whileAlive(() => host.fetch(url, init)),
      nowMs: () => host.nowMs(),
      sleepMs: (ms) => whileAlive(() => host.sleepMs(ms)),
      waitMs: (ms) => whileAlive(() => host.waitMs(ms)),
      every: (periodMs, work) => {
        const cancel = alive ? host.every(periodMs, work) : () => {};
        periodic.add(cancel);
        return cancel;
      },
      randomBytes: (count) => host.randomBytes(count),
      track: (work) => {
        // Who is dead hears of no failure either.
        work.catch(() => {});
        return whileAlive(() => host.track(work));
      },
    },
    kill: () => {
      alive = false;
      for (const cancel of periodic) cancel();
    },
  };
}
