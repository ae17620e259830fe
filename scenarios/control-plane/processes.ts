import { findBrokenLaws } from "../../simulators/laws.ts";
import type { Cloud } from "../cloud/cloud.ts";
import { recordLaws } from "../laws/records.ts";
import { listOf, Observer, pause } from "./observer.ts";
import {
  ControlPlaneProcess,
  type ControlPlaneAnswer,
  controlPlaneClient,
  type ControlPlaneClient,
  controlPlaneEnvironment,
} from "./process.ts";

/** `kill`: kill -9, and a new process starts in its place. `stop`: it is frozen until others have taken its work over, and then continues. */
type Interruption = "kill" | "stop";

/** Several control planes on one store, and what happens to them. */
interface ProcessesOptions {
  readonly cloud: Cloud;
  readonly databaseUrl: string;
  /** Where the control planes listen, one each. */
  readonly addresses: readonly string[];
  /** How many operations must be acknowledged before the load ends; each of `interruptions` must have happened as well, and an operation taken over. */
  readonly operations: number;
  /** Time between two interruptions, in ms; up to twice as long if the process to be interrupted has nothing to do. */
  readonly interruptEveryMs: number;
  /** The fate of one process after the other, repeatedly. */
  readonly interruptions: readonly Interruption[];
  /** Platforms that lead instances through their lifecycles, side by side. Default 6. */
  readonly customers?: number;
  /** Called after each interruption. */
  readonly tell?: (interruption: number, acknowledged: number) => void;
}

/** The outcome of the operations. */
interface ProcessesResult {
  readonly acknowledged: number;
  readonly interruptions: number;
  /** How many operations one process began after another had begun them. */
  readonly takenOver: number;
  /** Answers that no platform should see, operations that did not succeed, defects. */
  readonly violations: readonly string[];
  /** Work that the director did more than once. */
  readonly twice: readonly string[];
  /** The laws that are broken once everything is deleted: what is left behind in the cloud. */
  readonly left: readonly string[];
  /** Number of records that remain once everything is deleted. */
  readonly records: number;
}

const LEASE_MS = 1_500;
/** Long enough for others to take over what a frozen process was working on. */
const STILL_MS = 3 * LEASE_MS;
const ANSWER_MS_MAX = 8_000;

const UNANSWERED: ControlPlaneAnswer = { status: 503, json: { description: "no control plane has answered" } };

/** A load balancer without memory: each request goes to the next process. It tries none twice, so a lost answer is lost: it is answered 503. */
export function balance(addresses: readonly string[], answerMsMax = ANSWER_MS_MAX): ControlPlaneClient {
  const clients = addresses.map((address) => controlPlaneClient(address, answerMsMax));
  let sent = 0;
  return async (...request) => {
    const client = clients[sent++ % clients.length];
    return client?.(...request).catch(() => UNANSWERED) ?? UNANSWERED;
  };
}

class Fleet {
  readonly #options: ProcessesOptions;
  readonly #running: ControlPlaneProcess[] = [];
  readonly all: ControlPlaneProcess[] = [];

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  async start(at: number): Promise<void> {
    const { cloud, addresses, databaseUrl } = this.#options;
    const environment = controlPlaneEnvironment(cloud, addresses[at] ?? "", databaseUrl);
    const next = new ControlPlaneProcess({ ...environment, BROKER_LEASE_MS: String(LEASE_MS) });
    this.#running[at] = next;
    this.all.push(next);
    await next.awaitEvent("started");
  }

  async interrupt(interruption: Interruption, at: number): Promise<void> {
    const victim = this.#running[at];
    if (interruption === "kill") {
      await victim?.kill("SIGKILL");
      return this.start(at);
    }
    victim?.process.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, STILL_MS));
    victim?.process.kill("SIGCONT");
  }

  /** Whether this process has begun an operation whose end it has not logged. */
  isWorking(at: number): boolean {
    const output = this.#running[at]?.output ?? "";
    const ended = new Set(ENDS.flatMap((event) => operationsLogged([output], event)));
    return operationsLogged([output], "operation.begins").some((operation) => !ended.has(operation));
  }

  /** How many operations one process began after another had begun them. */
  countTakenOver(): number {
    const outputs = this.all.map(({ output }) => output);
    return findRepeated(operationsLogged(outputs, "operation.begins")).length;
  }

  async end(): Promise<void> {
    for (const each of this.#running) await each.kill("SIGKILL");
  }
}

/** The events with which a process's work on an operation ends. */
const ENDS = ["operation.succeeded", "operation.failed", "operation.is-lost"];

/** The operations whose events of this name are in the logs, in each log once. */
const operationsLogged = (outputs: readonly string[], event: string): readonly string[] =>
  outputs.flatMap((output) => [
    ...new Set(
      output
        .split("\n")
        .filter((line) => line.includes(`"${event}"`))
        .map((line) => /"operation":"([^"]+)"/.exec(line)?.[1] ?? line),
    ),
  ]);

const findRepeated = (names: readonly string[]): readonly string[] =>
  [...Map.groupBy(names, (name) => name)].filter(([, each]) => each.length > 1).map(([name]) => name);

/** Tasks of the director that a second one followed although the first had not failed. */
export function doneTwice({ world }: Cloud): readonly string[] {
  const tasks = [...world.bosh.state().tasks.values()].filter(
    ({ contextId, state }) => contextId !== "" && state === "done",
  );
  return findRepeated(tasks.map(({ contextId, description }) => `${description} for ${contextId}`));
}

/**
 * Runs several control planes on one store, under load, while one after the other is killed or frozen. Operations that were acknowledged must
 * succeed, each by the work of one process at a time, and nothing may be left behind.
 */
export async function surviveInterruptions(options: ProcessesOptions): Promise<ProcessesResult> {
  const { cloud, addresses, operations, interruptEveryMs, interruptions, customers = 6, tell } = options;
  const fleet = new Fleet(options);
  const observer = new Observer(balance(addresses));
  let interruptionCount = 0;
  let takenOver = 0;
  try {
    await Promise.all(addresses.map((_, at) => fleet.start(at)));
    // An interruption while nothing is in progress proves nothing.
    const isExercised = (): boolean => interruptionCount >= interruptions.length && takenOver > 0;
    const isDone = (): boolean => !observer.isLoaded || (observer.acknowledged >= operations && isExercised());
    const platform = async (name: number): Promise<void> => {
      for (let count = 1; !isDone(); count++) await observer.runLifecycle(`fleet-${name}-${count}`);
    };
    const platforms = Promise.all(
      Array.from({ length: customers }, (_, name) => platform(name).catch((error: unknown) => observer.abandon(error))),
    );
    const interruptRepeatedly = async (): Promise<void> => {
      while (!isDone()) {
        const at = interruptionCount % addresses.length;
        const dueMs = performance.now() + interruptEveryMs;
        while (performance.now() < dueMs && !isDone()) await pause();
        while (performance.now() < dueMs + interruptEveryMs && !fleet.isWorking(at) && !isDone()) await pause();
        if (isDone()) return;
        await fleet.interrupt(interruptions[interruptionCount % interruptions.length] ?? "kill", at);
        interruptionCount++;
        takenOver = fleet.countTakenOver();
        tell?.(interruptionCount, observer.acknowledged);
      }
    };
    await interruptRepeatedly().catch((error: unknown) => observer.abandon(error));
    await platforms;
    const { json } = await observer.ask("GET", "/instances", undefined, "operator");
    const outputs = fleet.all.map(({ output }) => output);
    const defects = outputs.flatMap((output) => output.split("\n").filter((line) => line.includes('"event":"defect"')));
    return {
      acknowledged: observer.acknowledged,
      interruptions: interruptionCount,
      takenOver: fleet.countTakenOver(),
      violations: [...observer.violations, ...defects],
      twice: [...doneTwice(cloud), ...findRepeated(operationsLogged(outputs, "operation.succeeded"))],
      left: findBrokenLaws(cloud.world, recordLaws([])),
      records: listOf(json.instances).length,
    };
  } finally {
    await fleet.end();
  }
}
