import { Readable } from "node:stream";
import { type HttpReply, Kernel, makeRequest, Process, serialise, type Service } from "../../kernel/index.ts";
import {
  CATALOG,
  CATALOG_TYPES,
  type CatalogType,
  createOpenStack,
  type OpenStack,
  type OpenStackOptions,
  SERVICE_NAMES,
  type ServiceName,
} from "../index.ts";
import type { ReceivedReply } from "./compare.ts";
import { parseBody } from "./exchange-bytes.ts";

/** The virtual time that a request takes, roughly as on a real cloud. */
export const REQUEST_MS = 20;

/** When the recordings of Zed were made: some replies name the day. */
export const RECORDED_MS = Date.UTC(2026, 10, 22, 9);

/** A request that a client sent, without its headers and body. */
export interface SentRequest {
  readonly service: ServiceName;
  readonly method: string;
  /** Without its query. */
  readonly path: string;
}

/** A cloud and a way to call it. */
export interface CloudClient {
  readonly kernel: Kernel;
  readonly openstack: OpenStack;
  /** The requests that were sent, in order. */
  readonly sent: SentRequest[];
  readonly authUrl: string;
  send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<ReceivedReply>;
}

/** The simulated service of a type of the catalog. */
export const simulatedName = (type: CatalogType): ServiceName | undefined =>
  SERVICE_NAMES.find((each) => each === CATALOG[type].name);

/** Calls a cloud in process as a client with sockets would: absolute URLs, bytes, lower-case headers. */
export class LocalClient implements CloudClient {
  readonly kernel: Kernel;
  readonly openstack: OpenStack;
  readonly #hosts = new Map<string, { readonly name: ServiceName; readonly service: Service }>();
  /** The requests that were sent, in order. */
  readonly sent: SentRequest[] = [];

  constructor(options: OpenStackOptions = {}, seed: string | number = "parity", startMs = RECORDED_MS) {
    this.kernel = new Kernel({ seed, startMs });
    this.openstack = createOpenStack(this.kernel, { profile: "rig", ...options });
    const { cloud } = this.openstack;
    for (const type of CATALOG_TYPES) {
      const root = `http://127.0.0.1:2${CATALOG[type].port}`;
      cloud.setEndpoint(type, root);
      const name = simulatedName(type);
      if (name !== undefined) this.#hosts.set(root, { name, service: this.openstack.services[name] });
    }
  }

  get authUrl(): string {
    return `http://127.0.0.1:2${CATALOG.identity.port}/v3`;
  }

  async send(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<ReceivedReply> {
    const { origin } = new URL(url);
    const host = this.#hosts.get(origin);
    if (host === undefined) throw new Error(`nothing listens on ${origin}`);
    const { service } = host;
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
    this.sent.push({ service: host.name, method: plain.method, path: plain.path });
    this.kernel.advanceBy(REQUEST_MS);
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
