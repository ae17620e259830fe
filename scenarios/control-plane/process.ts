import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { basicHeader } from "../../simulators/kernel/index.ts";
import type { Cloud } from "../cloud/cloud.ts";

const MAIN = fileURLToPath(new URL("../../broker/main.ts", import.meta.url));
const LISTENING_MS_MAX = 180_000;
const LOOK_MS = 2;

/** Logins and the key of a control plane that runs as a process of its own in tests. */
export const SECRETS = {
  platform: "platform-secret",
  operator: "operator-secret",
  encryptionKey: "5e".repeat(32),
} as const;

/** The environment variables of a control plane for PostgreSQL in a cloud, with short pauses. */
export const controlPlaneEnvironment = (
  cloud: Cloud,
  address: string,
  databaseUrl: string,
): Readonly<Record<string, string>> => ({
  ...cloud.environment,
  BROKER_USERNAME: "platform",
  BROKER_PASSWORD: SECRETS.platform,
  BROKER_ADMIN_USERNAME: "operator",
  BROKER_ADMIN_PASSWORD: SECRETS.operator,
  BROKER_SERVICE: "postgresql",
  BROKER_LISTEN: address,
  BROKER_ENCRYPTION_KEY: SECRETS.encryptionKey,
  BROKER_APPLICATION_CIDRS: "127.0.0.1/32",
  BROKER_PACE: "0.01",
  DATABASE_URL: databaseUrl,
});

/** The process of a control plane (`broker/main.ts`), and its output so far. */
export class ControlPlaneProcess {
  readonly process: ChildProcess;
  /** Resolves when it has ended and all of its output has been read. */
  readonly exited: Promise<unknown>;
  output = "";
  errors = "";

  constructor(environment: Readonly<Record<string, string>>, file?: string) {
    const { PATH: path = "", NODE_COMPILE_CACHE: cache } = process.env;
    const inherited = { PATH: path, ...(cache !== undefined && { NODE_COMPILE_CACHE: cache }) };
    this.process = spawn(process.execPath, [MAIN, ...(file === undefined ? [] : [file])], {
      env: { ...inherited, ...environment },
    });
    this.exited = once(this.process, "close");
    this.process.stdout?.on("data", (text: Buffer) => (this.output += String(text)));
    this.process.stderr?.on("data", (text: Buffer) => (this.errors += String(text)));
  }

  get hasExited(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Waits until it has logged an event. @throws Error if it ends first, or takes longer than three minutes */
  async awaitEvent(event: string): Promise<void> {
    const deadlineMs = performance.now() + LISTENING_MS_MAX;
    while (!this.output.includes(`"${event}"`)) {
      if (this.hasExited) throw new Error(`the control plane has ended: ${this.errors}`);
      if (performance.now() > deadlineMs) throw new Error(`no ${event} in time: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }
}

/** An answer of a control plane, whose body is always an object. */
export interface ControlPlaneAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Makes a client of a control plane, which logs in as its platform or as its operator.
 *
 * @param answerMsMax how long an answer may take. Default: a minute
 */
export const controlPlaneClient =
  (address: string, answerMsMax = 60_000) =>
  async (
    method: string,
    path: string,
    body?: object,
    login: "platform" | "operator" = "platform",
    further: Readonly<Record<string, string>> = {},
  ): Promise<ControlPlaneAnswer> => {
    const headers = {
      ...further,
      authorization: basicHeader(login, SECRETS[login]),
      "x-broker-api-version": "2.17",
      "content-type": "application/json",
    };
    const response = await fetch(`http://${address}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(answerMsMax),
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!(answer instanceof Object)) throw new Error(`${method} ${path}: ${response.status} without an object`);
    return { status: response.status, json: Object.fromEntries(Object.entries(answer)) };
  };

/** Sends one request. */
export type ControlPlaneClient = ReturnType<typeof controlPlaneClient>;
