import { createSocket, type Socket } from "node:dgram";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Kernel, makeRequest, Process } from "../../simulators/kernel/index.ts";
import { type ConsulVersion, createDns, type Dns } from "../../simulators/dns/index.ts";
import { canonical, differences } from "../../simulators/dns/parity/compare.ts";
import { readReply } from "../../simulators/dns/parity/message.ts";
import { CATALOG_REQUESTS, type DrawnPacket, drawPacket, frameOf } from "../../simulators/dns/parity/packets.ts";
import { NODE_ID, type RealConsul } from "./real.ts";

const IN_FLIGHT = 32;
const SILENCE_MS = 1500;
const SETTLE_MS = 3000;
const SHOWN_MAX = 20;

/** Sends a real Consul and ours the same packets; prints each answer that differs, and returns how many do. */
export async function comparePackets(
  real: RealConsul,
  {
    version,
    config,
    seed,
    packets,
    damage,
  }: {
    readonly version: ConsulVersion;
    readonly config: object;
    readonly seed: number;
    readonly packets: number;
    readonly damage: number;
  },
): Promise<number> {
  const kernel = new Kernel({ seed: "differential" });
  const ours = createDns(kernel, { version, name: "agent-1", id: NODE_ID, address: "127.0.0.1", mode: "dev", config });
  kernel.advanceBy(SETTLE_MS);
  for (const { method, path, body } of CATALOG_REQUESTS) {
    const text = JSON.stringify(body);
    const flight = ours.http.receive(makeRequest(method, path, { headers: { host: "127.0.0.1:8500" }, body: text }));
    const reply = await fetch(`http://127.0.0.1:${real.httpPort}${path}`, { method, body: text });
    const status = flight instanceof Process ? 0 : flight.status;
    if (reply.status !== 200 || status !== 200) throw new Error(`${path} ${text}: ${reply.status} and ${status}`);
  }
  await sleep(SETTLE_MS);
  kernel.advanceBy(SETTLE_MS);
  const random = kernel.random("packets");
  for (let skip = 0; skip < seed; skip++) random.int(0, 1);
  const asker = new Asker(real.dnsPort);
  let differing = 0;
  let asked = 0;
  const work = async (): Promise<void> => {
    while (asked < packets) {
      const packet = drawPacket(random, asked++, damage);
      const found = compare(packet, await asker.ask(packet), ours);
      if (found.length === 0) continue;
      if (++differing > SHOWN_MAX) continue;
      console.log(`${packet.shown}   ${packet.bytes.toString("hex")}`);
      for (const line of found.slice(0, 6)) console.log(`    ${line}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  asker.close();
  console.log(`${version}: ${packets - differing} of ${packets} packets alike`);
  return differing;
}

function compare(packet: DrawnPacket, theirs: Buffer | undefined, ours: Dns): readonly string[] {
  const answer = ours.answer(packet.bytes, packet.transport);
  if (theirs === undefined || answer === undefined)
    return theirs === undefined && answer === undefined
      ? []
      : [`${theirs === undefined ? "silence" : "an answer"} expected`];
  const mine = Buffer.from(answer);
  if (theirs.equals(mine)) return [];
  const [expected, shown] = [readSafely(theirs), readSafely(mine)];
  if (typeof expected === "string" || typeof shown === "string")
    return [`${theirs.toString("hex")} expected, got ${mine.toString("hex")}`];
  const found = (["rcode", "flags", "question", "edns"] as const).flatMap((field) =>
    differences(expected[field], shown[field], `$.${field}`),
  );
  const whole = ours.answer(packet.bytes, "tcp");
  const all = whole === undefined ? shown : readReply(Buffer.from(whole));
  const isPicked = all.answer.length > shown.answer.length;
  for (const section of ["answer", "authority", "additional"] as const) {
    const [theirList, myList] = [expected[section].map(settleRecord).sort(), shown[section].map(settleRecord).sort()];
    if (!isPicked) found.push(...differences(theirList, myList, `$.${section}`));
    else if (section === "answer") {
      const known = new Set(all.answer.map(settleRecord));
      found.push(
        ...theirList.filter((each) => !known.has(each)).map((each) => `$.answer: ${each} is not in our answer`),
      );
      if (theirList.length !== myList.length && packet.transport === "udp")
        found.push(...countDifference(theirList.length, myList.length, shown.size));
    }
  }
  return found;
}

/** How many members fit may differ by one, depending on which were drawn. */
const countDifference = (expected: number, actual: number, size: number): readonly string[] =>
  Math.abs(expected - actual) <= 1 && size > 480 ? [] : [`$.answer: ${expected} records expected, got ${actual}`];

function readSafely(bytes: Buffer): ReturnType<typeof readReply> | string {
  try {
    return readReply(bytes);
  } catch (error) {
    return String(error);
  }
}

/** A record without the serial, which depends on the clock. */
const settleRecord = (record: unknown): string => canonical(record).replace(/"serial":\d+/, '"serial":0');

/** Sends questions over UDP, matched by id, and over TCP, each on its own connection. */
class Asker {
  readonly #port: number;
  readonly #socket: Socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
  readonly #waiting = new Map<number, (answer: Buffer) => void>();

  constructor(port: number) {
    this.#port = port;
    this.#socket.on("message", (message) =>
      this.#waiting.get(message.length < 2 ? -1 : message.readUInt16BE(0))?.(message),
    );
  }

  close(): void {
    this.#socket.close();
  }

  async ask({ bytes, transport }: DrawnPacket): Promise<Buffer | undefined> {
    if (bytes.length < 2) return undefined;
    if (transport === "tcp") return this.#askTcp(bytes);
    const id = bytes.readUInt16BE(0);
    const answered = new Promise<Buffer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(bytes, this.#port, "127.0.0.1");
    const late = new AbortController();
    const answer = await Promise.race([
      answered,
      sleep(SILENCE_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    this.#waiting.delete(id);
    return answer;
  }

  #askTcp(bytes: Buffer): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, "127.0.0.1");
      let received = Buffer.alloc(0);
      const end = (): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(received.length > 2 ? received.subarray(2) : undefined);
      };
      const timer = setTimeout(end, SILENCE_MS);
      socket.on("data", (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) end();
      });
      socket.once("error", end);
      socket.once("close", end);
      socket.write(frameOf(bytes));
    });
  }
}
