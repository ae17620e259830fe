import { WallDriver, wallNowMs } from "../../../kernel/edge/drive.ts";
import { basicHeader, Kernel } from "../../../kernel/index.ts";
import { createDataServices, type DataServices, type Kind } from "../../index.ts";
import { AGENT } from "../../testing.ts";
import { LivePlane, type LivePlaneOptions } from "../index.ts";

/** The tenant of a rig. */
export const USER = "u1";
/** The tenant's password. */
export const PASSWORD = "p1";
/** The name of the database and the deployment. */
export const DATABASE = "d1";

/** An agent's answer: status and JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** The instance behind the agent of a rig. */
interface RigOptions extends Partial<Omit<LivePlaneOptions, "services" | "driver">> {
  readonly kind: Kind;
  readonly port: number;
  /** Custom parameters of the job. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** One data service behind its agent, at an address of this process alone, reached as a broker and an application reach it. */
export class LiveRig {
  readonly kernel: Kernel;
  readonly services: DataServices;
  readonly plane: LivePlane;
  readonly address: string;
  readonly port: number;
  readonly troubles: unknown[];
  readonly #driver: WallDriver;

  protected constructor(
    driver: WallDriver,
    services: DataServices,
    plane: LivePlane,
    port: number,
    troubles: unknown[],
  ) {
    this.#driver = driver;
    this.kernel = driver.kernel;
    this.services = services;
    this.plane = plane;
    this.port = port;
    this.troubles = troubles;
    this.address = addressOf(20);
  }

  /** Opens a plane and boots the instance; its tenant is `USER`. */
  static async openAs<Rig extends LiveRig>(
    make: (...parts: [WallDriver, DataServices, LivePlane, number, unknown[]]) => Rig,
    { kind, port, parameters = {}, ...limits }: RigOptions,
  ): Promise<Rig> {
    const driver = new WallDriver(new Kernel({ startMs: wallNowMs(), pace: "instant" }));
    const services = createDataServices(driver.kernel);
    const troubles: unknown[] = [];
    const onTrouble = (_address: string, error: unknown): void => void troubles.push(error);
    const plane = await LivePlane.open({ services, driver, onTrouble, ...limits });
    const rig = make(driver, services, plane, port, troubles);
    await rig.boot(kind, rig.address, 0, parameters);
    const { status } = await rig.ask("PUT", `/v1/credentials/${USER}`, JSON.stringify({ password: PASSWORD }));
    if (status !== 201) throw new Error(`no user: ${status}`);
    return rig;
  }

  /** Starts an instance of the group; the first is the primary. */
  async boot(kind: Kind, address: string, index: number, parameters: RigOptions["parameters"] = {}): Promise<void> {
    const properties = { database: DATABASE, port: this.port, agent: AGENT, ...parameters };
    const place = { address, deployment: DATABASE, index, bootstrap: index === 0, disk: `disk-${address}` };
    this.services.start({ kind, ...place, properties });
    await this.plane.settle();
  }

  async close(): Promise<void> {
    await this.plane.close();
    this.#driver.stop();
  }

  ask(method: string, path: string, body?: string | Uint8Array, address = this.address): Promise<Response> {
    const headers = { authorization: basicHeader(AGENT.username, AGENT.password) };
    const given = body === undefined ? {} : { body: typeof body === "string" ? body : Uint8Array.from(body) };
    return fetch(`http://${address}:${AGENT.port}${path}`, { method, headers, ...given });
  }

  /** A dump, or the reason why there is none. */
  async dump(): Promise<Uint8Array | Reply> {
    const reply = await this.ask("POST", "/v1/dumps");
    if (reply.status === 200) return new Uint8Array(await reply.arrayBuffer());
    return { status: reply.status, body: await reply.json() };
  }

  async restore(dump: Uint8Array): Promise<Reply> {
    const reply = await this.ask("POST", "/v1/restores", dump);
    return { status: reply.status, body: await reply.json() };
  }
}

/** An address of this process alone: two runs of the tests at once do not meet. `last` is its last byte. */
export const addressOf = (last: number): string =>
  `127.${130 + ((process.pid >> 8) % 100)}.${process.pid % 256}.${last}`;
