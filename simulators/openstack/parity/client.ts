import { Readable } from "node:stream";
import { type HttpReply, Kernel, makeRequest, Process, serialise, type Service } from "../../kernel/index.ts";
import { CATALOG, type CatalogType, createOpenStack, type OpenStack, type OpenStackOptions } from "../index.ts";
import type { ReceivedReply } from "./compare.ts";

/** A request takes this much virtual time, as it does on a real cloud. */
const REQUEST_MS = 20;

/** When the recordings of Zed were made: some replies name the day. */
const RECORDED_MS = Date.UTC(2026, 10, 22, 9);

/** Speaks to a cloud in process as a client with sockets would: absolute URLs, bytes, lower-case headers. */
export class LocalClient {
  readonly kernel: Kernel;
  readonly openstack: OpenStack;
  readonly #hosts = new Map<string, Service>();

  constructor(options: OpenStackOptions = {}, seed: string | number = "parity") {
    this.kernel = new Kernel({ seed, startMs: RECORDED_MS });
    this.openstack = createOpenStack(this.kernel, options);
    const { cloud } = this.openstack;
    const services = this.openstack.services as Readonly<Partial<Record<string, Service>>>;
    for (const type of Object.keys(CATALOG) as CatalogType[]) {
      const { name, port } = CATALOG[type];
      const root = `http://127.0.0.1:2${port}`;
      cloud.setEndpoint(type, root);
      const service = services[name];
      if (service !== undefined) this.#hosts.set(root, service);
    }
  }

  get authUrl(): string {
    return `http://127.0.0.1:2${CATALOG.identity.port}/v3`;
  }

  sleep(ms: number): void {
    this.kernel.advanceTo(this.kernel.nowMs + ms);
  }

  async send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<ReceivedReply> {
    const { origin } = new URL(url);
    const service = this.#hosts.get(origin);
    if (service === undefined) throw new Error(`nothing listens on ${origin}`);
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    // A client that sends nothing with these says so.
    const bytes = body?.length ?? (method === "PUT" || method === "POST" ? 0 : undefined);
    const hasLength = bytes !== undefined && sent["transfer-encoding"] === undefined;
    const length = hasLength ? { "content-length": String(bytes) } : {};
    const plain = makeRequest(method, url.slice(origin.length) || "/", {
      headers: { host: origin.slice("http://".length), ...length, ...sent },
      body: body === undefined ? "" : Buffer.from(body).toString("utf8"),
      origin,
    });
    this.sleep(REQUEST_MS);
    const upload = service.uploadOf(plain.method, plain.path);
    const request =
      upload === undefined
        ? { ...plain, body: body ?? "" }
        : {
            ...plain,
            body: "",
            received: await upload.receive(Readable.from(body === undefined ? [] : [Buffer.from(body)]), plain),
          };
    return receivedReply(method, this.#await(service.receive(request)));
  }

  #await(reply: HttpReply | Process<HttpReply>): HttpReply {
    if (!(reply instanceof Process)) return reply;
    while (reply.running) if (!this.kernel.step()) throw new Error("the reply never comes");
    const { outcome } = reply;
    if (outcome.state !== "done") throw outcome.state === "failed" ? outcome.error : new Error("still running");
    return outcome.value;
  }
}

/** The answer as it would come over the wire. */
function receivedReply(method: string, reply: HttpReply): ReceivedReply {
  const { body, headers: given } = serialise(reply);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given))
    headers[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  const isBodiless = reply.status === 204 || reply.status === 304;
  if (!isBodiless) headers["content-length"] ??= String(bytes.length);
  const text = isBodiless || method === "HEAD" ? "" : Buffer.from(bytes).toString("utf8");
  return { status: reply.status, headers, body: parseBody(text, headers["content-type"] ?? "") };
}

function parseBody(text: string, type: string): unknown {
  if (text === "" || !type.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
