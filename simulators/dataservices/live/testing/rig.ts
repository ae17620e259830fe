import pg from "pg";
import { WallDriver, wallNowMs } from "../../../kernel/edge/drive.ts";
import { basicHeader, Kernel } from "../../../kernel/index.ts";
import { createDataServices, type DataServices } from "../../index.ts";
import { AGENT } from "../../testing.ts";
import { LivePlane } from "../index.ts";

const USER = "u1";
const PASSWORD = "p1";
const DATABASE = "d1";
const PORT = 5432;

/** What an agent answers: its status and its JSON. */
interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** One real PostgreSQL behind its agent, at an address of this process alone, reached as a broker and an application reach it. */
export class LiveRig {
  readonly kernel: Kernel;
  readonly services: DataServices;
  readonly plane: LivePlane;
  readonly address: string;
  readonly troubles: unknown[];
  readonly #driver: WallDriver;

  private constructor(driver: WallDriver, services: DataServices, plane: LivePlane, troubles: unknown[]) {
    this.#driver = driver;
    this.kernel = driver.kernel;
    this.services = services;
    this.plane = plane;
    this.troubles = troubles;
    this.address = `127.${130 + ((process.pid >> 8) % 100)}.${process.pid % 256}.20`;
  }

  static async open(): Promise<LiveRig> {
    const driver = new WallDriver(new Kernel({ startMs: wallNowMs(), pace: "instant" }));
    const services = createDataServices(driver.kernel);
    const troubles: unknown[] = [];
    const onTrouble = (_address: string, error: unknown): void => void troubles.push(error);
    const rig = new LiveRig(driver, services, await LivePlane.open({ services, driver, onTrouble }), troubles);
    await rig.#boot();
    return rig;
  }

  async #boot(): Promise<void> {
    const properties = { database: DATABASE, port: PORT, max_connections: 20, agent: AGENT };
    const { address } = this;
    const place = { address, deployment: DATABASE, index: 0, bootstrap: true, disk: `disk-${address}` };
    this.services.start({ kind: "postgresql", ...place, properties });
    await this.plane.settle();
    const { status } = await this.ask("PUT", `/v1/credentials/${USER}`, JSON.stringify({ password: PASSWORD }));
    if (status !== 201) throw new Error(`no user: ${status}`);
  }

  async close(): Promise<void> {
    await this.plane.close();
    this.#driver.stop();
  }

  ask(method: string, path: string, body?: string | Uint8Array): Promise<Response> {
    const headers = { authorization: basicHeader(AGENT.username, AGENT.password) };
    const given = body === undefined ? {} : { body: typeof body === "string" ? body : Uint8Array.from(body) };
    return fetch(`http://${this.address}:${AGENT.port}${path}`, { method, headers, ...given });
  }

  /** A dump, or why there is none. */
  async dump(): Promise<Uint8Array | Reply> {
    const reply = await this.ask("POST", "/v1/dumps");
    if (reply.status === 200) return new Uint8Array(await reply.arrayBuffer());
    return { status: reply.status, body: await reply.json() };
  }

  async restore(dump: Uint8Array): Promise<Reply> {
    const reply = await this.ask("POST", "/v1/restores", dump);
    return { status: reply.status, body: await reply.json() };
  }

  /** A session of the tenant. */
  async connect(): Promise<pg.Client> {
    const address = { host: this.address, port: PORT, ssl: false };
    const client = new pg.Client({ ...address, user: USER, password: PASSWORD, database: DATABASE });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async using<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await this.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
}
