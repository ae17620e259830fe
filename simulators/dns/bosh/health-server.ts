import { type HttpReply, isObject, type Kernel, type Service, type Slot } from "../../kernel/index.ts";
import { textReply } from "../wire/handler.ts";
import { anyMethodService, CERTIFICATE_HEADER, DISCONNECTED } from "./go-server.ts";
import type { InstanceHealth } from "./state.ts";

/** A job of an instance, as its health server and BOSH DNS see it. */
export interface InstanceJob {
  /** Its `links.json`. */
  readonly links?: readonly { readonly group: string; readonly name?: string; readonly type?: string }[];
  /** The exit status of its `bin/dns/healthy`; absent: it has none. */
  readonly healthy?: number;
}

/** The health server of an instance. */
interface HealthServerOptions {
  /** The agent's health file, as text; absent: there is none. */
  readonly file?: string | undefined;
  readonly jobs?: Readonly<Record<string, InstanceJob>>;
  /** Default: 500 ms. */
  readonly intervalMs?: number;
}

/** A running health server. */
export interface HealthServer {
  readonly http: Service;
  /** Its current state. */
  health(): InstanceHealth;
  /** Writes the agent's health file. */
  write(file: string | undefined): void;
}

const INTERVAL_MS = 500;
const COMMON_NAME = "health.bosh-dns";

const agentState = (file: string | undefined): "running" | "failing" => {
  try {
    const parsed: unknown = JSON.parse(file ?? "");
    return isObject(parsed) && parsed.state === "running" ? "running" : "failing";
  } catch {
    return "failing";
  }
};

/** The state of an instance, and those of the link groups in it: that of a job's executable, or of all of them. */
function judgeInstance({ file, jobs = {} }: HealthServerOptions): InstanceHealth {
  let all: string = agentState(file);
  const groups: Record<string, string> = {};
  const sorted = Object.keys(jobs).sort();
  for (const name of sorted) {
    const job = jobs[name];
    if (job?.healthy === undefined) continue;
    const state = job.healthy === 0 ? "running" : "failing";
    for (const { group } of job.links ?? []) groups[group] = state;
    if (state === "failing") all = state;
  }
  for (const name of sorted)
    if (jobs[name]?.healthy === undefined) for (const { group } of jobs[name]?.links ?? []) groups[group] = all;
  return { state: all, groups };
}

/** Its HTTP interface. */
function healthBody({ state, groups }: InstanceHealth): string {
  const entries = Object.entries(groups).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ state, ...(entries.length > 0 && { group_state: Object.fromEntries(entries) }) });
}

/** The health server on an instance, whose clients show certificates. */
export function createHealthServer(kernel: Kernel, name: string, options: HealthServerOptions): HealthServer {
  const state: Slot<{ file: string | undefined; health: InstanceHealth; isDue: boolean }> = kernel.slot(
    `bosh-dns-health/${name}`,
    { file: options.file, health: judgeInstance(options), isDue: false },
  );
  const { intervalMs = INTERVAL_MS, jobs } = options;
  kernel.onTimer(`bosh-dns-health/${name}/check`, () => {
    state.value.isDue = false;
    state.value.health = judgeInstance({ file: state.value.file, ...(jobs && { jobs }) });
  });
  const health = (): InstanceHealth => state.value.health;
  const write = kernel.onInput(`bosh-dns-health/${name}/write`, (file: string | undefined) => {
    state.value.file = file;
    if (state.value.isDue) return;
    state.value.isDue = true;
    kernel.timer(intervalMs - (kernel.nowMs % intervalMs), `bosh-dns-health/${name}/check`, null);
  });
  const http = anyMethodService(kernel, `bosh-dns-health/${name}`, {
    "/health": ({ headers }) => answerHealth(health(), headers[CERTIFICATE_HEADER]),
  });
  return { http, health, write };
}

function answerHealth(health: InstanceHealth, commonName: string | undefined): HttpReply {
  if (commonName === undefined) return DISCONNECTED;
  if (commonName !== COMMON_NAME) return textReply(400, "TLS certificate common name does not match");
  return { status: 200, headers: { "Content-Type": "application/json" }, body: healthBody(health) };
}
