import type { Exchange } from "./http/exchange.ts";
import { exchangeWithout } from "./http/observation.ts";
import type { RawRequest, TransportError } from "./http/transport.ts";

/** There was no usable answer to a request. Ends the check that sent it as `unknown`. */
export class NoAnswer extends Error {
  readonly exchange: Exchange;
  readonly fault: TransportError["fault"];
  constructor(request: RawRequest, error: TransportError) {
    super(`${request.method} ${new URL(request.url).pathname}: ${error.message}`, { cause: error });
    this.name = "NoAnswer";
    this.fault = error.fault;
    this.exchange = exchangeWithout(request, error.message);
  }
}

/**
 * The value of a promise, or undefined when there was no answer now that might come at the next attempt. A broker that refuses
 * connections is not waited for.
 *
 * @throws NoAnswer refused
 */
export async function answerOrSilence<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NoAnswer && error.fault !== "refused") return undefined;
    throw error;
  }
}
