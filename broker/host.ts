import { randomBytes } from "node:crypto";
import { boundFetch } from "./http/bound-fetch.ts";

/** The broker's access to time, network and entropy; everything else in it is plain computation. */
export interface Host {
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** ms since the Unix epoch. */
  nowMs(): number;
  sleepMs(ms: number): Promise<void>;
  /** As `sleepMs`, but never shortened by the pace: for time that does not depend on the backend. */
  waitMs(ms: number): Promise<void>;
  /** Calls `work` once every `periodMs`, until the function that it returns is called. */
  every(periodMs: number, work: () => void): () => void;
  randomBytes(count: number): Uint8Array;
  /**
   * Announces work that is neither a fetch nor a sleep (the store, compression), so that virtual time waits for it. On a real host it changes
   * nothing.
   */
  track<T>(work: Promise<T>): Promise<T>;
}

/** Options of a real host. */
interface RealHostOptions {
  /** Address of this machine from which connections come. Default: the system chooses. */
  readonly from?: string;
  /** Factor on pauses. Default 1; less where the backend's work takes less than its real time. */
  readonly pace?: number;
}

/** How long a backend may take to answer. */
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

/** A promise that never settles: a killed process does not continue. */
const never = <T>(): Promise<T> => new Promise(() => {});

/** Makes a host that can be killed: from then on no awaited work returns and nothing new is sent, as after SIGKILL. */
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
        // Once it is dead, nobody is left to hear of failures.
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
