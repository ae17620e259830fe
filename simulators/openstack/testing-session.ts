import { type HttpReply, type HttpRequest, makeRequest, Process } from "../kernel/index.ts";
import type { OpenStackOptions } from "./index.ts";
import { TwoProjectCloud } from "./testing.ts";

type Who = "A" | "B" | "admin";

/** A request of a test to Nova or Cinder. */
interface Sent {
  readonly who?: Who;
  /** The minor of the microversion. Default: the lowest. */
  readonly version?: number;
  readonly body?: unknown;
}

const MAJORS = { nova: "compute 2", cinder: "volume 3" } as const;
const ROOTS = { nova: "/v2.1", cinder: "/v3" } as const;

/** The contents of a reply, member by member, for tests. */
export function memberOf(value: unknown, path: string): unknown {
  let found: unknown = value;
  for (const key of path.split("."))
    found =
      typeof found === "object" && found !== null
        ? Object.entries(found).find(([name]) => name === key)?.[1]
        : undefined;
  return found;
}

/** A text in a reply. @throws Error where there is none */
export function textAt({ json }: HttpReply, path: string): string {
  const found = memberOf(json, path);
  if (typeof found !== "string") throw new Error(`no text at ${path} of ${JSON.stringify(json)}`);
  return found;
}

/** Two projects of one cloud and its administrator, at any microversion of Nova and Cinder. For tests. */
export class TestSession {
  readonly cloud: TwoProjectCloud;

  private constructor(cloud: TwoProjectCloud) {
    this.cloud = cloud;
  }

  static async open(options: OpenStackOptions = {}, seed = 1): Promise<TestSession> {
    return new TestSession(await TwoProjectCloud.open(options, seed));
  }

  /** A GET with these headers and no others. */
  get(service: "nova" | "cinder", path: string, headers: Readonly<Record<string, string>>): HttpReply {
    return this.#receive(service, makeRequest("GET", `${ROOTS[service]}${path}`, { headers }));
  }

  #receive(service: "nova" | "cinder", request: HttpRequest): HttpReply {
    const reply = this.cloud.openstack.services[service].receive(request);
    if (reply instanceof Process) throw new Error(`${request.method} ${request.path} takes time`);
    return reply;
  }

  send(service: "nova" | "cinder", method: string, path: string, sent: Sent = {}): HttpReply {
    const { who = "A", version, body } = sent;
    const request = makeRequest(method, `${ROOTS[service]}${path}`, {
      headers: {
        "x-auth-token": this.cloud.actors[who]?.token ?? "",
        "content-type": "application/json",
        ...(version !== undefined && { "openstack-api-version": `${MAJORS[service]}.${version}` }),
      },
      body: body === undefined ? "" : JSON.stringify(body),
    });
    return this.#receive(service, request);
  }

  /** Lets time pass, ms. */
  sleep(ms: number): void {
    this.cloud.sleep(ms);
  }

  variable(name: string): string {
    return String(this.cloud.variables.get(name));
  }

  /** A network with a subnet of the project. */
  async network(who: "A" | "B" = "A"): Promise<string> {
    const [, network] = await this.cloud.create(who, "network", []);
    if (network === undefined) throw new Error("no network");
    await this.cloud.create(who, "subnet", [network]);
    return network.id;
  }

  /** The body of POST /servers for a small server without networks. */
  serverBody(fields: object = {}): object {
    const server = {
      name: "vm",
      flavorRef: this.variable("flavor.tiny"),
      imageRef: this.variable("image"),
      networks: "none",
      ...fields,
    };
    return { server };
  }

  /** A server without networks that has become ACTIVE. */
  server(fields: object = {}): string {
    const reply = this.send("nova", "POST", "/servers", { version: 90, body: this.serverBody(fields) });
    this.sleep(60_000);
    return textAt(reply, "server.id");
  }

  /** An available volume. */
  volume(fields: object = {}): string {
    const reply = this.send("cinder", "POST", "/volumes", { body: { volume: { size: 1, ...fields } } });
    this.sleep(60_000);
    return textAt(reply, "volume.id");
  }
}
