import { createRequire } from "node:module";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";

/*
 * The director's own Ruby (CRuby as WebAssembly, the optional package @ruby/4.0-wasm-wasi), in its own
 * thread, because templates are foreign code. It is started once per process, when first needed, and takes
 * about 500 MB. Callers wait for its answer, because a deploy renders within one event of the kernel.
 */

/** How long Ruby may take to start, ms. */
const START_MS_MAX = 60_000;
/** How long one request may take, ms: a template that loops must not block the director. */
const REQUEST_MS_MAX = 10_000;

/** Ruby did not answer in time, or failed. */
export class RubyFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RubyFailure";
  }
}

class RubyThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answered = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #seen = 0;
  #hasDied = false;

  /** @throws RubyFailure when it does not start */
  constructor() {
    const { port1, port2 } = new MessageChannel();
    const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#port = port1;
    this.#worker = new Worker(new URL(`./ruby-worker.${ending}`, import.meta.url), {
      workerData: { port: port2, answered: this.#answered },
      transferList: [port2],
      // WASI is announced as experimental.
      execArgv: ["--disable-warning=ExperimentalWarning"],
      env: {},
    });
    // Ruby can trap between requests too, when a value is collected; without a listener that would end this process.
    this.#worker.on("error", () => (this.#hasDied = true));
    this.#worker.unref();
    port1.unref();
    try {
      this.#receive(START_MS_MAX);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Whether the thread ended by itself, between two requests. */
  get hasDied(): boolean {
    return this.#hasDied;
  }

  end(): void {
    void this.#worker.terminate();
  }

  /** @throws RubyFailure */
  ask(request: object): Readonly<Record<string, unknown>> {
    this.#port.postMessage(JSON.stringify(request));
    return this.#receive(REQUEST_MS_MAX);
  }

  #receive(limitMs: number): Readonly<Record<string, unknown>> {
    Atomics.wait(this.#answered, 0, this.#seen, limitMs);
    const now = Atomics.load(this.#answered, 0);
    const message: unknown = now === this.#seen ? undefined : receiveMessageOnPort(this.#port)?.message;
    this.#seen = now;
    if (typeof message !== "string") throw new RubyFailure(`Ruby gave no answer within ${limitMs / 1000} s`);
    const answer: Readonly<Record<string, unknown>> = JSON.parse(message);
    if (answer.failure !== undefined) throw new RubyFailure(String(answer.failure));
    return answer;
  }
}

let thread: RubyThread | undefined;

/** Whether the optional package is installed. */
export function hasRuby(): boolean {
  try {
    createRequire(import.meta.url).resolve("@ruby/4.0-wasm-wasi/dist/ruby+stdlib.wasm");
    return true;
  } catch {
    return false;
  }
}

/** Hands a request to Ruby and waits for its answer. After a failure the next request starts it afresh. @throws RubyFailure */
export function askRuby(request: object): Readonly<Record<string, unknown>> {
  if (thread?.hasDied === true) thread = undefined;
  try {
    thread ??= new RubyThread();
    return thread.ask(request);
  } catch (error) {
    // A thread that has failed once may be in a broken state.
    thread?.end();
    thread = undefined;
    throw error;
  }
}
