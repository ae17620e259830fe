import {
  type Body,
  type HttpReply,
  type Kernel,
  makeRequest,
  on,
  replyHeader,
  type Service,
} from "../../kernel/index.ts";
import type { OpenStack, ServiceName } from "../../openstack/index.ts";
import { CpiError } from "../cpi/cpi.ts";

/** One CPI process: it authenticates once for each service it touches. */
export class CpiProcess {
  readonly #kernel: Kernel;
  readonly #services: OpenStack["services"];
  readonly #options: OpenStackCpiOptions;
  readonly #tokens = new Map<ServiceName, { token: string; projectId: string }>();

  constructor(kernel: Kernel, services: OpenStack["services"], options: OpenStackCpiOptions) {
    this.#kernel = kernel;
    this.#services = services;
    this.#options = options;
  }

  *#token(service: ServiceName): Body<{ token: string; projectId: string }> {
    const known = this.#tokens.get(service);
    if (known !== undefined) return known;
    const { username, password, project } = this.#options;
    const domain = { id: "default" };
    const body = {
      auth: {
        identity: { methods: ["password"], password: { user: { name: username, password, domain } } },
        scope: { project: { name: project, domain } },
      },
    };
    const reply = yield* this.#send(this.#services.keystone, "POST", "/v3/auth/tokens", JSON.stringify(body), {});
    if (reply.status !== 201)
      throw new CpiError(`Unable to connect to the OpenStack Identity service: ${reply.status}`);
    const token = {
      token: replyHeader(reply, "x-subject-token") ?? "",
      projectId: (reply.json as { token: { project: { id: string } } }).token.project.id,
    };
    this.#tokens.set(service, token);
    return token;
  }

  *#send(
    service: Service,
    method: string,
    path: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
  ): Body<HttpReply> {
    for (let tried = 1; ; tried++) {
      const { origin, source } = this.#options;
      const answered = service.call(
        makeRequest(method, path, {
          headers: { "content-type": "application/json", accept: "application/json", ...headers },
          body,
          origin,
          source,
        }),
      );
      const reply = "status" in answered ? answered : yield* on(answered);
      const failed = reply.wire !== undefined || reply.status >= 500;
      // What may have been done is not done again: only reads and deletes are repeated.
      const repeatable = method === "GET" || method === "DELETE";
      if (!failed) return reply;
      if (!repeatable || tried === TRIES)
        throw new CpiError(
          `${method} ${path}: ${reply.wire === undefined ? `Expected success, got ${reply.status}` : "socket error"}`,
        );
      yield this.#kernel.work(RETRY_MS);
    }
  }

  /** `{project}` in a path stands for the project of the token. */
  *ask(service: ServiceName, method: string, path: string, body?: Json | Uint8Array): Body<HttpReply> {
    const { token, projectId } = yield* this.#token(service);
    const payload = body === undefined ? "" : body instanceof Uint8Array ? body : JSON.stringify(body);
    const headers: Record<string, string> = { "x-auth-token": token };
    if (service === "nova") headers["x-openstack-nova-api-version"] = "2.15";
    if (body instanceof Uint8Array) headers["content-type"] = "application/octet-stream";
    return yield* this.#send(this.#services[service], method, path.replace("{project}", projectId), payload, headers);
  }

  /** As `ask`, but anything other than success is the CPI's error; the director does not ask it to try again. */
  *need(service: ServiceName, method: string, path: string, body?: Json): Body<Json> {
    const reply = yield* this.ask(service, method, path, body);
    if (reply.status >= 300) throw new CpiError(`OpenStack API ${reply.status}: ${faultText(reply)}`);
    return (reply.json ?? {}) as Json;
  }
}

export type Json = Record<string, unknown>;

export function faultText(reply: HttpReply): string {
  const body = reply.json as Record<string, { message?: string }> | undefined;
  return (
    Object.values(body ?? {}).find((value) => typeof value?.message === "string")?.message ?? String(reply.body ?? "")
  );
}

/** How often a call that failed for the service's sake is made again, and how far apart. */
const TRIES = 10;

const RETRY_MS = 3000;

export interface OpenStackCpiOptions {
  readonly username: string;
  readonly password: string;
  readonly project: string;
  /** Key pair of the VMs. */
  readonly keyName: string;
  /** Where clients of this cloud reach Keystone; makes the links in its answers. */
  readonly origin: string;
  /** The director's own address. */
  readonly source: string;
}
