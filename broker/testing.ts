import type { BrokerConfig } from "./config.ts";
import type { Host } from "./host.ts";

/** A configuration for tests; nothing answers at its addresses but a fake. */
export const TEST_CONFIG: BrokerConfig = {
  service: "postgresql",
  credentials: { username: "platform", password: "platform-secret" },
  admin: { username: "operator", password: "operator-secret" },
  director: { url: "https://director", client: "admin", clientSecret: "director-secret" },
  openstack: { authUrl: "http://keystone/v3", username: "bosh", password: "openstack-secret", project: "platform" },
  encryptionKey: "5e".repeat(32),
  applicationCidrs: ["10.0.0.0/24"],
  managementCidrs: ["10.9.0.9/32"],
};

/** A request that was sent. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer; status 200 by default. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
}

/** A host whose network is a function and whose pauses take no time but are added to its clock. */
export class FakeHost implements Host {
  readonly sent: Sent[] = [];
  answer: (sent: Sent) => Reply | Promise<Reply>;
  #nowMs = 1_900_000_000_000;
  #drawn = 0;

  constructor(answer: (sent: Sent) => Reply | Promise<Reply> = () => ({ status: 404 })) {
    this.answer = answer;
  }

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const bytes =
      typeof init.body === "string" || init.body instanceof Uint8Array ? Buffer.from(init.body) : Buffer.alloc(0);
    const headers = Object.fromEntries(new Headers(init.headers));
    const sent = { method: init.method ?? "GET", url, headers, body: bytes.toString("latin1") };
    this.sent.push(sent);
    const { status = 200, headers: answered = {}, json, bytes: content } = await this.answer(sent);
    const body = json === undefined ? content && Buffer.from(content) : JSON.stringify(json);
    return new Response(status === 204 ? null : body, { status, headers: answered });
  }

  nowMs(): number {
    return this.#nowMs;
  }

  async sleepMs(ms: number): Promise<void> {
    this.#nowMs += ms;
    await Promise.resolve();
  }

  waitMs(ms: number): Promise<void> {
    return this.sleepMs(ms);
  }

  every(): () => void {
    return () => {};
  }

  randomBytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#drawn++ % 256);
  }

  track<T>(work: Promise<T>): Promise<T> {
    return work;
  }
}
