import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import Type, { type Static } from "typebox";
import { parseAs } from "../clients/answers.ts";
import { LoadFigures } from "./figures.ts";
import { Generator } from "./generator.ts";
import { Glance, glanceAt } from "./glance.ts";
import { LoadPlan } from "./plan.ts";
import { httpTransport, type Transport } from "./transport.ts";

/** One generator of a load run, in this process or one of its own. */
export interface LoadWorker {
  /** Makes the instances that exist from the start. Returns what went wrong. */
  prepare(): Promise<readonly string[]>;
  /** Sends its share of the load, or as much as it can until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  glance(): Promise<Glance>;
  /** Its measurements so far. */
  figures(): Promise<LoadFigures>;
  /** Removes what it made. Returns what is left. */
  remove(): Promise<readonly string[]>;
  close(): void;
}

/** A generator in this process. @param transport Default: HTTP to the plan's target */
export function localWorker(plan: LoadPlan, transport: Transport = httpTransport(plan.target)): LoadWorker {
  const generator = new Generator(plan, transport);
  return {
    prepare: () => generator.prepare(),
    run: (signal) => generator.run(signal),
    glance: async () => glanceAt(generator.tally, generator.waiting, generator.nowMs),
    figures: async () => generator.tally.figures,
    remove: () => generator.remove(),
    close: () => transport.close(),
  };
}

/** A request to a worker in a process of its own. */
export const Question = Type.Union([
  Type.Object({ id: Type.Integer(), ask: Type.Literal("begin"), plan: LoadPlan }),
  Type.Object({ id: Type.Integer(), ask: Type.Enum(["prepare", "run", "stop", "glance", "figures", "remove"]) }),
]);
export type Question = Static<typeof Question>;

/** Its answer. */
export const Answer = Type.Object({
  id: Type.Integer(),
  value: Type.Optional(Type.Unknown()),
  error: Type.Optional(Type.String()),
});
export type Answer = Static<typeof Answer>;

const Lines = Type.Array(Type.String());

class Correspondence {
  readonly #child: ChildProcess;
  readonly #open = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >();
  #ids = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message: unknown) => {
      const { id, value, error } = parseAs(Answer, message, "an answer of a load process");
      const waiting = this.#open.get(id);
      this.#open.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
    child.once("exit", (code, signal) => {
      for (const { reject } of this.#open.values()) reject(new Error(`a load process ended with ${signal ?? code}`));
      this.#open.clear();
    });
  }

  ask(ask: Exclude<Question["ask"], "begin">): Promise<unknown> {
    return this.#send({ id: ++this.#ids, ask });
  }

  begin(plan: LoadPlan): Promise<unknown> {
    return this.#send({ id: ++this.#ids, ask: "begin", plan });
  }

  #send(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#open.set(question.id, { resolve, reject });
      this.#child.send(question, (error) => {
        if (error !== null) reject(error);
      });
    });
  }
}

const SCRIPT = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./worker-process.ts" : "./worker-process.js", import.meta.url),
);

/** A generator in a process of its own. */
export async function processWorker(plan: LoadPlan): Promise<LoadWorker> {
  const child = fork(SCRIPT, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const correspondence = new Correspondence(child);
  await correspondence.begin(plan);
  const lines = async (ask: "prepare" | "remove"): Promise<readonly string[]> =>
    parseAs(Lines, await correspondence.ask(ask), ask);
  return {
    prepare: () => lines("prepare"),
    run: async (signal) => {
      const stop = (): void => void correspondence.ask("stop").catch(() => undefined);
      signal.addEventListener("abort", stop, { once: true });
      await correspondence.ask("run").finally(() => signal.removeEventListener("abort", stop));
    },
    glance: async () => parseAs(Glance, await correspondence.ask("glance"), "glance"),
    figures: async () => parseAs(LoadFigures, await correspondence.ask("figures"), "figures"),
    remove: () => lines("remove"),
    close: () => child.disconnect(),
  };
}
