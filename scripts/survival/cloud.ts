import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { createInterface } from "node:readline";
import Type, { type Static } from "typebox";
import { parseAs } from "../../scenarios/clients/answers.ts";
import { parseJson } from "../../simulators/kernel/index.ts";
import { fileOf } from "../command.ts";

const Description = Type.Object({
  director: Type.Object({
    url: Type.String(),
    client: Type.String(),
    clientSecret: Type.String(),
    caCert: Type.String(),
    uaaUrl: Type.String(),
  }),
  openstack: Type.Object({
    authUrl: Type.String(),
    username: Type.String(),
    password: Type.String(),
    project: Type.String(),
  }),
  consul: Type.Object({ url: Type.String() }),
  /** The address of applications, whom bindings admit. */
  applications: Type.String(),
  brokers: Type.Array(
    Type.Object({ name: Type.String(), url: Type.String(), username: Type.String(), password: Type.String() }),
  ),
});

/** The part of `up --json`'s output that is used here. */
export type Description = Static<typeof Description>;

/** A cloud that is up, as a process of its own. */
export interface RunningCloud {
  readonly description: Description;
  /** How long it took from the start of the process until it was ready, in ms. */
  readonly readyMs: number;
  /** Ends it like SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends it as Ctrl-C does. */
  end(): Promise<void>;
}

/** Starts `drydock up --data DIR --json` in a block. @throws Error when it ends before it is up */
export async function startCloud(data: string, block: string): Promise<RunningCloud> {
  const startMs = performance.now();
  const args = [fileOf("../cli/main.ts"), "up", "--data", data, "--pace", "instant", "--json", "--block", block];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
    if (process.env["SURVIVAL_LOUD"] !== undefined) process.stderr.write(chunk);
  });
  const line = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([text]) => String(text)),
    once(child, "exit").then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`the cloud did not come up: ${errors.trim()}`);
  const readyMs = performance.now() - startMs;
  return {
    description: parseAs(Description, JSON.parse(line), "up --json"),
    readyMs,
    kill: () => endWith(child, "SIGKILL"),
    end: () => endWith(child, "SIGINT"),
  };
}

async function endWith(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
  readonly ca?: string;
}

const ANSWER_MS_MAX = 60_000;

/** Sends one request on a new connection. Rejects if there is no complete answer: then nothing was acknowledged. */
export function ask(method: string, url: string, { headers = {}, body, ca }: Ask = {}): Promise<Answer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "object" ? { "content-type": "application/json" } : {};
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = send(
      url,
      {
        method,
        headers: { ...type, ...headers },
        agent: false,
        timeout: ANSWER_MS_MAX,
        ...(ca !== undefined && { ca }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("close", () => response.complete || reject(new Error("cut short")));
        response.once("end", () => {
          const received = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: parseJson(received) ?? received,
          });
        });
      },
    );
    sent.once("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.once("error", reject);
    sent.end(text);
  });
}
