import type { Driver } from "../../kernel/edge/drive.ts";
import { type Served, serve } from "../../kernel/edge/serve.ts";
import { Kernel } from "../../kernel/index.ts";
import { CATALOG, CATALOG_TYPES, createOpenStack, type OpenStack, type OpenStackOptions } from "../index.ts";
import { type CloudClient, type SentRequest, RECORDED_MS, REQUEST_MS, simulatedName } from "./client.ts";
import type { ReceivedReply } from "./compare.ts";
import { cutReply, exchangeBytes, parseReply } from "./exchange-bytes.ts";

/** Time moves only by what each request takes, and sockets wait for nothing else. */
const standingDriver = (kernel: Kernel): Driver => ({
  kernel,
  arrive: () => kernel.advanceBy(REQUEST_MS),
  sleep: () => Promise.reject(new Error("nothing sleeps here")),
  track: (work) => work,
  woke: () => {},
});

/** Calls a cloud over TCP, as the bytes that a client would send, on virtual time. */
export class SocketClient implements CloudClient {
  readonly kernel: Kernel;
  readonly openstack: OpenStack;
  readonly sent: SentRequest[] = [];
  readonly #served = new Map<string, Served>();

  private constructor(options: OpenStackOptions, seed: string | number, startMs: number) {
    this.kernel = new Kernel({ seed, startMs });
    this.openstack = createOpenStack(this.kernel, { profile: "rig", ...options });
  }

  /** A cloud whose services listen on free ports of 127.0.0.1. */
  static async listen(
    options: OpenStackOptions = {},
    seed: string | number = "parity",
    startMs = RECORDED_MS,
  ): Promise<SocketClient> {
    const client = new SocketClient(options, seed, startMs);
    const driver = standingDriver(client.kernel);
    for (const type of CATALOG_TYPES) {
      const name = simulatedName(type);
      if (name === undefined) continue;
      const served = await serve(client.openstack.services[name], driver, { host: "127.0.0.1", port: 0 });
      client.openstack.cloud.setEndpoint(type, served.url);
      client.#served.set(type, served);
    }
    return client;
  }

  /** The root URL of a service, by its type or by what the recordings call it. */
  rootOf(service: string): string {
    const served = this.#served.get(service === "volume" ? "volumev3" : service);
    if (served === undefined) throw new Error(`nothing listens for ${service}`);
    return served.url;
  }

  portOf(service: string): number {
    return Number(new URL(this.rootOf(service)).port);
  }

  get authUrl(): string {
    return `${this.rootOf("identity")}${CATALOG.identity.path}`;
  }

  async send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<ReceivedReply> {
    const { origin, host, port, pathname } = new URL(url);
    const type = [...this.#served].find(([, served]) => served.url === origin)?.[0];
    const name = simulatedName(CATALOG_TYPES.find((each) => each === type) ?? "identity");
    if (name !== undefined) this.sent.push({ service: name, method, path: pathname });
    // The client of the recordings measured its bodies itself, whatever length it was given.
    const given = Object.entries(headers).filter(
      ([key, value]) => key.toLowerCase() !== "content-length" || /^\d+$/.test(value),
    );
    const names = new Set(given.map(([key]) => key.toLowerCase()));
    const isMeasured = !names.has("content-length") && !names.has("transfer-encoding");
    const hasBody = body !== undefined || method === "PUT" || method === "POST";
    const lines = [
      `${method} ${url.slice(origin.length) || "/"} HTTP/1.1`,
      ...(names.has("host") ? [] : [`Host: ${host}`]),
      ...(hasBody && isMeasured ? [`Content-Length: ${body?.length ?? 0}`] : []),
      ...given.map(([key, value]) => `${key}: ${value}`),
      "Connection: close",
    ];
    const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
    const bytes = names.has("transfer-encoding") ? inChunks(body) : (body ?? new Uint8Array());
    return parseReply(cutReply(await exchangeBytes(Number(port), Buffer.concat([head, bytes]))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#served.values()].map((each) => each.close()));
  }
}

const inChunks = (body: Uint8Array = new Uint8Array()): Uint8Array =>
  Buffer.concat([
    ...(body.length > 0 ? [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")] : []),
    Buffer.from("0\r\n\r\n"),
  ]);
