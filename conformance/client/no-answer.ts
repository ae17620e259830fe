import type { Intent, Operation } from "./answer.ts";
import type { Exchange } from "./http/exchange.ts";
import { exchangeWithout } from "./http/observation.ts";
import type { RawRequest, TransportError, TransportFault } from "./http/transport.ts";

/** What the broker did instead of answering, by fault; other faults are described by their own messages. */
const WORDS: Readonly<Partial<Record<TransportFault, string>>> = {
  refused: "the broker refuses connections",
  reset: "the broker hung up",
  throttled: "the broker declines to answer",
  timeout: "the broker did not answer in time",
  "too-large": "the broker's answer exceeds the size limit",
  protocol: "the broker did not answer in HTTP",
};

/** The faults that prove that a request had no effect. */
const UNSENT: readonly TransportFault[] = ["refused", "unresolved", "tls", "aborted", "throttled"];

/** The request that got no answer, and the fault. */
export const describeSilence = ({ method, url }: RawRequest, { message }: TransportError): string =>
  `${method} ${new URL(url).pathname}: ${message}`;

/** What a request without an answer was about. */
interface Unanswered {
  readonly operation: Operation;
  readonly intent: Intent;
  /** Whether the thing that it names, other than a new one, is known not to exist. */
  readonly isOfNothing: boolean;
}

/** There was no usable answer to a request. Ends the check that sent it as `unknown`. */
export class NoAnswer extends Error {
  readonly exchange: Exchange;
  readonly fault: TransportFault;
  /** The failed request in one line. */
  readonly blame: string;
  /** Undefined if it was no request of the API. */
  about: Unanswered | undefined;
  constructor(request: RawRequest, error: TransportError) {
    super(describeSilence(request, error), { cause: error });
    this.name = "NoAnswer";
    this.fault = error.fault;
    const words = WORDS[error.fault];
    this.blame = `${words === undefined ? "no answer" : words}: ${this.message}`;
    this.exchange = exchangeWithout(request, error.message);
  }

  /** Whether the request may have had an effect nonetheless. */
  get mayHaveArrived(): boolean {
    return !UNSENT.includes(this.fault);
  }
}

/**
 * The value of a promise, or undefined if there was no answer now but the next attempt may get one. A broker
 * that refuses connections is not waited for.
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
