import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Talk } from "./talk.ts";
import { askHttp } from "./ask.ts";

const FIRST_HOST = "127.0.0.1";
const NODE_ID = "11111111-2222-3333-4444-55555555555";
const READY_TRIES = 240;
const TRY_MS = 250;
/** How long agents without a leader are left alone, and how long the others settle once they know one another. */
const LEADERLESS_MS = 3000;
const SETTLE_MS = 300;
const SETTLE_TOGETHER_MS = 2500;

/** The real agents of a talk, on Consul's own ports. */
export class RealAgents {
  readonly #talk: Talk;
  readonly #directory = mkdtempSync(join(tmpdir(), "record-"));
  readonly #hosts = new Map<string, string>([["agent-1", FIRST_HOST]]);
  readonly #children = new Map<string, ChildProcess>();

  constructor(consul: string, talk: Talk) {
    this.#talk = talk;
    const { config = {}, mode = "dev", agents = [] } = talk;
    const first = { server: true, bootstrap: !("bootstrap_expect" in config) };
    this.#start(consul, { name: config.node_name ?? "agent-1", addr: FIRST_HOST, id: `${NODE_ID}5` }, mode, {
      ...(mode === "server" && first),
      ...config,
    });
    for (const { name, addr, mode: own = "server", config: more = {} } of agents) {
      this.#hosts.set(name, addr);
      const server = own === "server" ? { server: true } : {};
      this.#start(consul, { name, addr, id: NODE_ID + name.slice(-1) }, own, { ...server, ...more });
    }
  }

  /** The address of an agent. */
  hostOf(name = "agent-1"): string {
    return this.#hosts.get(name) ?? FIRST_HOST;
  }

  kill(name: string): void {
    this.#children.get(name)?.kill("SIGKILL");
  }

  end(): void {
    for (const child of this.#children.values()) child.kill("SIGKILL");
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #start(
    consul: string,
    { name, addr, id }: { readonly name: string; readonly addr: string; readonly id: string },
    mode: string,
    config: object,
  ): void {
    const home = join(this.#directory, name);
    mkdirSync(home);
    const file = join(home, "config.json");
    const own = mode === "dev" ? {} : { data_dir: join(home, "data"), performance: { raft_multiplier: 1 } };
    const base = { node_name: name, node_id: id, bind_addr: addr, client_addr: addr, datacenter: "dc1" };
    writeFileSync(file, JSON.stringify({ ...base, disable_update_check: true, ...own, ...config }));
    const flags = mode === "dev" ? ["-dev"] : [];
    const child = spawn(consul, ["agent", ...flags, "-config-file", file], { stdio: "ignore" });
    this.#children.set(this.#children.size === 0 ? "agent-1" : name, child);
  }

  /** Waits until there is a leader who knows the agents. @throws Error when there is none within a minute */
  async ready(): Promise<void> {
    const { leader, unsynced, agents = [], config = {} } = this.#talk;
    if (leader === false) return sleep(LEADERLESS_MS);
    const token = config.acl?.tokens?.initial_management ?? config.acl?.tokens?.master ?? "";
    const headers: Record<string, string> = token === "" ? {} : { "x-consul-token": token };
    const read = async (path: string): Promise<string> =>
      String((await askHttp(FIRST_HOST, { method: "GET", path, headers })).bytes);
    const node = config.node_name ?? "agent-1";
    const near = agents.filter(({ config: own }) => (own?.datacenter ?? "dc1") === (config.datacenter ?? "dc1"));
    for (let tries = 0; tries < READY_TRIES; tries++) {
      await sleep(TRY_MS);
      const own = await read(`/v1/catalog/node/${node}`);
      const isSynced = unsynced === true || own.includes("consul-network-segment");
      if (!isSynced || !own.includes('"consul"') || !(await read(`/v1/health/node/${node}`)).includes("serfHealth"))
        continue;
      const nodes = await read("/v1/catalog/nodes");
      if (near.every(({ name }) => nodes.includes(name)))
        return sleep(near.length > 0 ? SETTLE_TOGETHER_MS : SETTLE_MS);
    }
    throw new Error(`${this.#talk.id}: the agents have no leader`);
  }
}
