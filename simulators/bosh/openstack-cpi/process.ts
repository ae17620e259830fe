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
import { asFields, type Fields } from "../configs/fields.ts";
import { CpiError } from "../cpi/cpi.ts";
import { type ReplyShape, readReply, TOKEN } from "./replies.ts";

/** The endpoints and credentials with which the CPI uses OpenStack. */
export interface OpenStackCpiOptions {
  readonly username: string;
  readonly password: string;
  readonly project: string;
  /** Key pair of the VMs. */
  readonly keyName: string;
  /** The address of Keystone for clients of this cloud, from which the links in its answers are built. */
  readonly origin: string;
  /** The director's own address. */
  readonly source: string;
}

interface ScopedToken {
  readonly token: string;
  readonly projectId: string;
}

/** The total number of tries for a call while the service fails. */
const TRIES = 10;
/** The pause between two tries. */
const RETRY_MS = 3000;

/** A request of the CPI as it is sent. */
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** One process of the CPI: it authenticates once for each service that it touches. */
export class CpiProcess {
  readonly kernel: Kernel;
  readonly #services: OpenStack["services"];
  readonly #options: OpenStackCpiOptions;
  readonly #tokens = new Map<ServiceName, ScopedToken>();

  constructor(kernel: Kernel, services: OpenStack["services"], options: OpenStackCpiOptions) {
    this.kernel = kernel;
    this.#services = services;
    this.#options = options;
  }

  /**
   * Sends a request; `{project}` in the path stands for the project of the token. Returns any answer.
   *
   * @throws CpiError if the service does not answer
   */
  *ask(service: ServiceName, method: string, path: string, body?: Fields | Uint8Array): Body<HttpReply> {
    const { token, projectId } = yield* this.#token(service);
    const payload = body === undefined ? "" : body instanceof Uint8Array ? body : JSON.stringify(body);
    const headers: Record<string, string> = { "x-auth-token": token };
    if (service === "nova") headers["x-openstack-nova-api-version"] = "2.15";
    if (body instanceof Uint8Array) headers["content-type"] = "application/octet-stream";
    const sent = { method, path: path.replace("{project}", projectId), body: payload, headers };
    return yield* this.#send(this.#services[service], sent);
  }

  /**
   * Like `ask`, but throws unless the reply is a success; the director does not retry such an error.
   * @throws CpiError
   */
  *request(service: ServiceName, method: string, path: string, body?: Fields): Body<HttpReply> {
    const reply = yield* this.ask(service, method, path, body);
    if (reply.status >= 300) throw new CpiError(`OpenStack API ${reply.status}: ${faultText(reply)}`);
    return reply;
  }

  /** Like `request`; returns the body of the reply. @throws CpiError */
  *read<T>(shape: ReplyShape<T>, service: ServiceName, method: string, path: string, body?: Fields): Body<T> {
    const { json } = yield* this.request(service, method, path, body);
    return readReply(shape, json, `${method} ${path}`);
  }

  *#token(service: ServiceName): Body<ScopedToken> {
    const known = this.#tokens.get(service);
    if (known !== undefined) return known;
    const { username, password, project } = this.#options;
    const domain = { id: "default" };
    const auth = {
      identity: { methods: ["password"], password: { user: { name: username, password, domain } } },
      scope: { project: { name: project, domain } },
    };
    const sent = { method: "POST", path: "/v3/auth/tokens", body: JSON.stringify({ auth }), headers: {} };
    const reply = yield* this.#send(this.#services.keystone, sent);
    if (reply.status !== 201)
      throw new CpiError(`Unable to connect to the OpenStack Identity service: ${reply.status}`);
    const { project: scope } = readReply(TOKEN, reply.json, "POST /v3/auth/tokens").token;
    const token = { token: replyHeader(reply, "x-subject-token") ?? "", projectId: scope.id };
    this.#tokens.set(service, token);
    return token;
  }

  *#send(service: Service, request: Sent): Body<HttpReply> {
    const { method, path } = request;
    // Only reads and deletes are repeated: any other request may have taken effect.
    const isRepeatable = method === "GET" || method === "DELETE";
    for (let tried = 1; ; tried++) {
      const reply = yield* this.#sendOnce(service, request);
      const hasFailed = reply.wire !== undefined || reply.status >= 500;
      if (!hasFailed) return reply;
      const reason = reply.wire === undefined ? `Expected success, got ${reply.status}` : "socket error";
      if (!isRepeatable || tried === TRIES) throw new CpiError(`${method} ${path}: ${reason}`);
      yield this.kernel.work(RETRY_MS);
    }
  }

  *#sendOnce(service: Service, { method, path, body, headers }: Sent): Body<HttpReply> {
    const { origin, source } = this.#options;
    const common = { "content-type": "application/json", accept: "application/json" };
    const answered = service.call(
      makeRequest(method, path, { headers: { ...common, ...headers }, body, origin, source }),
    );
    return "status" in answered ? answered : yield* on(answered);
  }
}

/** The message of an OpenStack fault (`{"<kind>": {"message": …}}`), otherwise the whole text. */
export function faultText({ json, body }: HttpReply): string {
  const messages = Object.values(asFields(json)).map((fault) => asFields(fault).message);
  const message = messages.find((each) => typeof each === "string");
  return message === undefined ? String(body ?? "") : String(message);
}
