import { MongoClient } from "mongodb";
import { addressOf, DATABASE, PASSWORD, USER } from "../../testing/rig.ts";
import { MongoRig } from "./live-rig.ts";

/** Addresses of the nodes, by index. */
export const NODES = [20, 21, 22].map(addressOf);
const WAIT_MS_MAX = 20_000;

/** Three nodes behind their agents, of which two follow the first. */
export class Trio {
  readonly rig: MongoRig;

  private constructor(rig: MongoRig) {
    this.rig = rig;
  }

  static async open(): Promise<Trio> {
    const trio = new Trio(await MongoRig.open());
    await trio.boot(1);
    await trio.boot(2);
    await trio.whole();
    return trio;
  }

  boot(index: number): Promise<void> {
    return this.rig.boot("mongodb", NODES[index] ?? "", index);
  }

  /** Deletes the VM of a node. */
  deleteVm(index: number): void {
    const ip = NODES[index] ?? "";
    const place = { deployment: DATABASE, index, bootstrap: index === 0, ip, diskCid: `disk-${ip}` };
    this.rig.services.jobs.mongodb.stop({ ...place, properties: {} }, true);
  }

  /** The address of the primary, as registered in Consul. */
  get primary(): string | undefined {
    return this.rig.services.primaryOf(DATABASE, "mongodb")?.address;
  }

  /** A driver that discovers the members of the set through one of them, or uses only that one. */
  connect(address = NODES[0] ?? "", isDirect = false): Promise<MongoClient> {
    const uri = `mongodb://${USER}:${PASSWORD}@${address}:${this.rig.port}/${DATABASE}`;
    const timing = { heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 50, serverSelectionTimeoutMS: 10_000 };
    return new MongoClient(uri, { ...timing, directConnection: isDirect }).connect();
  }

  async #phases(): Promise<readonly string[]> {
    const asked = NODES.map(async (address) => {
      const reply = await this.rig.ask("GET", "/v1/status", undefined, address).catch(() => undefined);
      const body: unknown = await reply?.json();
      return typeof body === "object" && body !== null && "phase" in body ? String(body.phase) : "gone";
    });
    return Promise.all(asked);
  }

  /** Waits until there is a primary and each other node follows it. */
  async whole(): Promise<void> {
    await this.until(async () => {
      const client = await this.connect(this.primary ?? NODES[0], true);
      await client.close();
      return String([...(await this.#phases())].sort()) === "primary,replica,replica";
    });
  }

  async until(isSo: () => Promise<boolean>): Promise<void> {
    let last: unknown;
    for (const endMs = Date.now() + WAIT_MS_MAX; Date.now() < endMs; ) {
      if (await isSo().catch((error: unknown) => void (last = error))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`still not so after ${WAIT_MS_MAX} ms: ${String(last)} ${String(await this.#phases())}`);
  }

  /** How long there was no primary according to the journal, ms. */
  gapsMs(): readonly number[] {
    return this.rig.kernel.journal.events
      .filter(({ kind, data }) => kind === "primary.up" && data?.term !== 0)
      .map(({ data }) => Number(data?.withoutPrimaryMs));
  }
}
