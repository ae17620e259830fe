import { readFileSync } from "node:fs";
import pg from "pg";
import { addressOf, DATABASE, PASSWORD, USER } from "../../testing/rig.ts";
import { PostgresqlRig } from "./rig.ts";

/** Addresses of the nodes, by index. */
export const NODES = [20, 21, 22].map(addressOf);
const WAIT_MS_MAX = 180_000;

/** Three real servers behind their agents, of which two follow the first. */
export class Trio {
  readonly rig: PostgresqlRig;

  private constructor(rig: PostgresqlRig) {
    this.rig = rig;
  }

  static async open(): Promise<Trio> {
    const trio = new Trio(await PostgresqlRig.open());
    try {
      await trio.boot(1);
      await trio.boot(2);
      await trio.whole();
      return trio;
    } catch (error) {
      await trio.rig.close();
      throw error;
    }
  }

  boot(index: number): Promise<void> {
    return this.rig.boot("postgresql", NODES[index] ?? "", index, { max_connections: 20 });
  }

  /** Deletes the VM of a node. */
  deleteVm(index: number): void {
    const place = {
      deployment: DATABASE,
      index,
      bootstrap: index === 0,
      ip: NODES[index] ?? "",
      diskCid: `disk-${NODES[index]}`,
    };
    this.rig.services.jobs.postgresql.stop({ ...place, properties: {} }, true);
  }

  /** The address of the primary, as registered in Consul. */
  get primary(): string | undefined {
    return this.rig.services.primaryOf(DATABASE, "postgresql")?.address;
  }

  /** A session of the tenant at an address. */
  async connect(address: string): Promise<pg.Client> {
    const place = { host: address, port: 5432, ssl: false, connectionTimeoutMillis: 10_000 };
    const client = new pg.Client({ ...place, user: USER, password: PASSWORD, database: DATABASE });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async query(address: string, sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = await this.connect(address);
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => {});
    }
  }

  async phases(): Promise<readonly string[]> {
    return Promise.all(
      NODES.map(async (address) => {
        const reply = await this.rig.ask("GET", "/v1/status", undefined, address).catch(() => undefined);
        return reply === undefined ? "gone" : ((await reply.json()) as { phase: string }).phase;
      }),
    );
  }

  /** Waits until there is a primary and each other node follows it. */
  async whole(): Promise<void> {
    await this.until(async () => {
      await this.query(this.primary ?? NODES[0] ?? "", "SELECT 1");
      return String([...(await this.phases())].sort()) === "primary,replica,replica";
    });
  }

  async until(isSo: () => Promise<boolean>): Promise<void> {
    let last: unknown;
    for (const endMs = Date.now() + WAIT_MS_MAX; Date.now() < endMs; ) {
      if (await isSo().catch((error: unknown) => void (last = error))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { troubles } = this.rig;
    throw new Error(
      `still not so after ${WAIT_MS_MAX} ms: ${String(last)} ${String(await this.phases())} ${troubles.map(String).join("; ")}`,
    );
  }

  /** Kills the server of a node as the machine would for lack of memory: the postmaster alone. */
  async killServer(address: string): Promise<void> {
    const client = await this.connect(address);
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    process.kill(parentOf(rows[0]?.pid ?? 0), "SIGKILL");
    await client.end().catch(() => {});
  }

  /** How long there was no primary according to the journal, ms. */
  journaledGapsMs(): readonly number[] {
    return this.rig.kernel.journal.events
      .filter(({ kind, data }) => kind === "primary.up" && data?.term !== 0)
      .map(({ data }) => Number(data?.withoutPrimaryMs));
  }
}

/** The process that started another. */
export const parentOf = (pid: number): number =>
  Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
