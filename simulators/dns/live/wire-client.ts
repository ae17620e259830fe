import type { ConsulVersion } from "../index.ts";
import { ConsulClient, type Flight, shownReply, type Streamed } from "../parity/client.ts";
import type { RecordedRequest, Scenario } from "../parity/recording.ts";
import { askOverWire, exchange, isRunning, stillDriver, streamOverWire, WireFace } from "./wire.ts";

const STEP_MS = 2;
const BROKEN = { status: 0, headers: {}, body: "" };

/** A Consul whose agents listen on sockets; time is virtual. */
export class WireClient extends ConsulClient {
  readonly #faces = new Map<string, WireFace>();

  static async open(scenario: Scenario, version: ConsulVersion): Promise<WireClient> {
    const client = new WireClient(scenario, version);
    const driver = stillDriver(client.kernel);
    for (const agent of client.dns.agents)
      client.#faces.set(agent.name, await WireFace.open(driver, agent.http, agent));
    return client;
  }

  override async close(): Promise<void> {
    for (const face of this.#faces.values()) await face.close();
  }

  #face(name?: string): WireFace {
    const face = this.#faces.get(this.agent(name).name);
    if (face === undefined) throw new Error(`agent ${name ?? ""} does not listen`);
    return face;
  }

  override async send(recorded: RecordedRequest, agent?: string): Promise<Flight> {
    this.kernel.advanceBy(STEP_MS);
    const face = this.#face(agent);
    const { headers, body } = this.partsOf(recorded);
    const answered = exchange(face.httpPort, recorded, headers, body);
    // A request that the face refuses by itself never reaches the service.
    const flight = await Promise.race([face.http.next(), answered.then(() => undefined)]);
    face.http.forget();
    return {
      isWaiting: () => isRunning(flight),
      finish: async () => {
        while (isRunning(flight) && this.kernel.step());
        const { status, headers: given, bytes } = await answered;
        return { record: status === 0 ? BROKEN : shownReply(status, given, bytes, recorded), bytes };
      },
    };
  }

  override async ask(message: Uint8Array, transport: "udp" | "tcp", agent?: string): Promise<Uint8Array | undefined> {
    this.kernel.advanceBy(STEP_MS);
    return askOverWire(this.#face(agent), this.kernel, message, transport);
  }

  override stream(
    chunks: readonly Uint8Array[],
    isHalfClosed: boolean,
    timeoutMs: number,
    agent?: string,
  ): Promise<Streamed> {
    return streamOverWire(this.#face(agent), this.kernel, chunks, isHalfClosed, timeoutMs);
  }
}
