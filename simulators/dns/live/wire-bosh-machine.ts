import { type ShownReply, BoshMachine, BROKEN, shownBoshReply } from "../parity/bosh-machine.ts";
import type { BoshHttpStep, BoshScenario } from "../parity/bosh-recording.ts";
import type { Streamed } from "../parity/client.ts";
import { askOverWire, exchange, stillDriver, streamOverWire, WireFace } from "./wire.ts";

const STEP_MS = 2;
const STREAM_MS = 700;

/** A machine whose BOSH DNS listens on sockets; time is virtual. A header stands for the client's certificate. */
export class WireBoshMachine extends BoshMachine {
  #face: WireFace | undefined;
  #health: WireFace | undefined;

  static async open(scenario: BoshScenario): Promise<WireBoshMachine> {
    const machine = new WireBoshMachine(scenario);
    const driver = stillDriver(machine.kernel);
    machine.#face = await WireFace.open(driver, machine.dns.http, machine.dns);
    if (machine.server !== undefined) machine.#health = await WireFace.open(driver, machine.server.http, machine.dns);
    return machine;
  }

  override async close(): Promise<void> {
    await this.#face?.close();
    await this.#health?.close();
  }

  #dnsFace(): WireFace {
    if (this.#face === undefined) throw new Error("the machine does not listen");
    return this.#face;
  }

  override async request({ method, path, ...http }: BoshHttpStep["http"]): Promise<ShownReply> {
    this.kernel.advanceBy(STEP_MS);
    const face = (http.api ?? "dns") === "dns" ? this.#face : this.#health;
    if (face === undefined) return BROKEN;
    const { status, headers, bytes } = await exchange(face.httpPort, { method, path }, this.partsOf(http).headers, "");
    face.http.forget();
    return status === 0 ? BROKEN : shownBoshReply(status, headers, bytes.toString("utf8"));
  }

  override async ask(message: Uint8Array, transport: "udp" | "tcp"): Promise<Uint8Array | undefined> {
    this.kernel.advanceBy(STEP_MS);
    return askOverWire(this.#dnsFace(), this.kernel, message, transport);
  }

  override stream(chunks: readonly Uint8Array[], isHalfClosed: boolean): Promise<Streamed> {
    return streamOverWire(this.#dnsFace(), this.kernel, chunks, isHalfClosed, STREAM_MS);
  }
}
