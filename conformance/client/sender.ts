import type { Exchange } from "./http/exchange.ts";
import { observe, type Observation } from "./http/observation.ts";
import { type RawRequest, type RawResponse, TransportError } from "./http/transport.ts";
import { NoAnswer } from "./no-answer.ts";
import { retryAfterMs } from "./polling.ts";
import type { RequestOptions } from "./request.ts";
import type { RunMemory } from "./run-memory.ts";
import type { ClientSettings } from "./settings.ts";

/** What keeps an answer away though the broker may be well. */
const INNOCENT: readonly TransportError["fault"][] = ["aborted", "abandoned", "throttled"];
/** How often a request is sent that is answered 429. */
const THROTTLED_MAX = 5;

/** Waits; ends as a request would when the run is interrupted. @throws TransportError aborted */
export async function sleepMs({ clock }: ClientSettings, ms: number, signal: AbortSignal | undefined): Promise<void> {
  await clock.sleepMs(ms, signal).catch((error: unknown) => {
    if (!signal?.aborted) throw error;
    throw new TransportError("aborted", "interrupted", { cause: error });
  });
}

/** Sends requests one by one, as patiently as a broker that is busy (429) asks for. */
export class Sender {
  /** Requests that got no answer. */
  readonly silent: Exchange[] = [];
  readonly #settings: ClientSettings;
  readonly #memory: RunMemory;

  constructor(settings: ClientSettings, memory: RunMemory) {
    this.#settings = settings;
    this.#memory = memory;
  }

  /** @throws NoAnswer */
  async exchange(request: RawRequest, options: Pick<RequestOptions, "intent" | "abandon">): Promise<Observation> {
    const { clock } = this.#settings;
    const startMs = clock.nowMs();
    try {
      const response = await this.#send(request, options);
      this.#memory.silences = 0;
      return observe(request, response, clock.nowMs() - startMs);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      if (!INNOCENT.includes(error.fault)) this.#memory.silences++;
      const noAnswer = new NoAnswer(request, error);
      this.silent.push(noAnswer.exchange);
      throw noAnswer;
    }
  }

  async #send(request: RawRequest, { intent, abandon }: Pick<RequestOptions, "intent" | "abandon">) {
    const { transport } = this.#settings;
    const signal = intent === "cleanup" ? undefined : this.#settings.signal;
    if (signal?.aborted) throw new TransportError("aborted", "interrupted");
    const options = {
      // What changes something is carried to its end: who cleans up has to know how it ended.
      ...(signal && request.method === "GET" ? { signal } : {}),
      ...(abandon ? { abandon: true } : {}),
    };
    return this.#whileThrottled(() => transport(request, options), signal);
  }

  /** Asks again, as late as the broker wants, while too much is asked at once: a request that was answered 429 has not been looked at. */
  async #whileThrottled(ask: () => Promise<RawResponse>, signal: AbortSignal | undefined): Promise<RawResponse> {
    for (let attempt = 1; attempt <= THROTTLED_MAX; attempt++) {
      const response = await ask();
      if (response.status !== 429) return response;
      const waitMs = retryAfterMs(response, this.#settings.clock.nowMs()) ?? attempt * 1_000;
      await sleepMs(this.#settings, waitMs, signal);
    }
    throw new TransportError("throttled", "too many requests (429), also when asked as seldom as it wants");
  }
}
