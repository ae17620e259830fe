import type { Exchange } from "./http/exchange.ts";
import { observe, type Observation } from "./http/observation.ts";
import { type RawRequest, type RawResponse, type SendOptions, TransportError } from "./http/transport.ts";
import { sendAlive } from "./lifeline.ts";
import { describeSilence, NoAnswer } from "./no-answer.ts";
import { retryAfterMs } from "./polling.ts";
import { buildRequest, type RequestOptions } from "./request.ts";
import type { Answer, Intent } from "./answer.ts";
import type { RunMemory } from "./run-memory.ts";
import type { ClientSettings } from "./settings.ts";

/** The faults that prevent an answer although the broker may be well. */
const INNOCENT: readonly TransportError["fault"][] = ["aborted", "abandoned", "throttled", "out-of-time"];
/** How many times a request is sent while it is answered 429. */
const THROTTLED_MAX = 5;

/** @throws TransportError out-of-time if the run has no time left */
function requireTime(
  { clock, deadlineMs = Number.POSITIVE_INFINITY }: ClientSettings,
  intent: Intent | undefined,
): void {
  if (intent !== "cleanup" && clock.nowMs() >= deadlineMs)
    throw new TransportError("out-of-time", "the run is out of time");
}

/**
 * Waits, but not beyond the deadline; fails like a request if the run is interrupted.
 * @throws TransportError aborted, out-of-time
 */
async function sleepMs(settings: ClientSettings, ms: number, intent: Intent | undefined): Promise<void> {
  const { clock, deadlineMs = Number.POSITIVE_INFINITY } = settings;
  const isCleanup = intent === "cleanup";
  const signal = isCleanup ? undefined : settings.signal;
  const leftMs = isCleanup ? Number.POSITIVE_INFINITY : Math.max(0, deadlineMs - clock.nowMs());
  await clock.sleepMs(Math.min(ms, leftMs), signal).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
    throw new TransportError("aborted", "interrupted", { cause: error });
  });
  requireTime(settings, intent);
}

/** Waits before the poll after `last`. @throws NoAnswer */
export async function pauseAfter(settings: ClientSettings, ms: number, last: Answer): Promise<void> {
  await sleepMs(settings, ms, last.intent).catch((error: unknown) => {
    throw error instanceof TransportError ? new NoAnswer(last.request, error) : error;
  });
}

/** An answer, and the time from sending its request to its end. */
interface TimedResponse {
  readonly response: RawResponse;
  readonly elapsedMs: number;
}

/** Sends requests one by one, as patiently as a busy broker (429) asks. */
export class Sender {
  /** Requests that got no answer. */
  readonly silent: Exchange[] = [];
  readonly #settings: ClientSettings;
  readonly #memory: RunMemory;
  readonly #running = new Set<Promise<unknown>>();
  #isOver = false;

  constructor(settings: ClientSettings, memory: RunMemory) {
    this.#settings = settings;
    this.#memory = memory;
  }

  /** @throws NoAnswer */
  async exchange(request: RawRequest, options: Pick<RequestOptions, "intent" | "abandon">): Promise<Observation> {
    const sending = this.#send(request, options);
    this.#running.add(sending);
    try {
      const { response, elapsedMs } = await sending;
      this.#memory.silences = 0;
      return observe(request, response, elapsedMs);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (!INNOCENT.includes(error.fault)) this.#memory.silences++;
      const noAnswer = new NoAnswer(request, error);
      this.silent.push(noAnswer.exchange);
      throw noAnswer;
    } finally {
      this.#running.delete(sending);
    }
  }

  /** A request that got no answer has got one since. */
  forget({ exchange }: NoAnswer): void {
    const at = this.silent.indexOf(exchange);
    if (at >= 0) this.silent.splice(at, 1);
  }

  /** Sends nothing more except clean-up, and waits until everything in progress has been answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#running);
  }

  async #send(request: RawRequest, { intent, abandon }: Pick<RequestOptions, "intent" | "abandon">) {
    const { gate } = this.#settings;
    requireTime(this.#settings, intent);
    if (this.#isOver && intent !== "cleanup") throw new TransportError("abandoned", "whoever asks for it has ended");
    const signal = intent === "cleanup" ? undefined : this.#settings.signal;
    if (signal?.aborted) throw new TransportError("aborted", "interrupted");
    const options = {
      // Requests that change something are completed, because cleaning up depends on how they end.
      ...(signal && request.method === "GET" ? { signal } : {}),
      ...(abandon ? { abandon: true } : {}),
    };
    const { clock } = this.#settings;
    // The time that a request waits here for its turn does not count as the broker's.
    const ask = async (): Promise<TimedResponse> => {
      this.#requireLife(request, intent);
      const startMs = clock.nowMs();
      const response = await this.#sendOnce(request, options, startMs);
      return { response, elapsedMs: clock.nowMs() - startMs };
    };
    return this.#whileThrottled(() => (gate === undefined ? ask() : gate.pass(intent === "race", ask)), intent);
  }

  /**
   * @throws TransportError abandoned if the broker is lost, unless this is one of the last tries to remove
   * something
   */
  #requireLife({ method }: RawRequest, intent: Intent | undefined): void {
    const { lifeline } = this.#memory;
    if (!lifeline.isLost) return;
    if (intent === "cleanup" && method === "DELETE" && lifeline.takeTry()) return;
    throw new TransportError("abandoned", "the broker stopped answering");
  }

  /** If there is no answer, finds out whether the broker answers anything. */
  async #sendOnce(request: RawRequest, options: SendOptions, startMs: number): Promise<RawResponse> {
    const { lifeline } = this.#memory;
    const { clock, transport } = this.#settings;
    try {
      const response = await sendAlive(lifeline, transport, request, options);
      lifeline.noteAnswer(clock.nowMs());
      return response;
    } catch (error) {
      const look = () => transport(buildRequest(this.#settings, "catalog", {}));
      if (error instanceof TransportError)
        await lifeline.noteSilence(startMs, error, describeSilence(request, error), look);
      throw error;
    }
  }

  /**
   * Retries, as late as the broker wants, while it is asked for too much at once: a request that was answered
   * 429 was not processed.
   */
  async #whileThrottled(ask: () => Promise<TimedResponse>, intent: Intent | undefined): Promise<TimedResponse> {
    for (let attempt = 1; ; attempt++) {
      const timed = await ask();
      const { response } = timed;
      const isThrottled = response.status === 429;
      if (!isThrottled) this.#memory.isThrottled = false;
      if (!isThrottled) return timed;
      // If another request was retried in vain often enough, and none has got through since, this one is not
      // retried either.
      if (attempt === THROTTLED_MAX || this.#memory.isThrottled) break;
      const waitMs = retryAfterMs(response, this.#settings.clock.nowMs()) ?? attempt * 1_000;
      await sleepMs(this.#settings, waitMs, intent);
    }
    this.#memory.isThrottled = true;
    throw new TransportError("throttled", "too many requests (429), also when asked as seldom as it wants");
  }
}
