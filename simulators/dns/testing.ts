import { type HttpReply, Kernel, makeRequest, Process } from "../kernel/index.ts";
import { createDns, type Dns, type DnsOptions } from "./index.ts";
import { buildQuery, readReply } from "./parity/message.ts";
import type { DnsReplyRecord } from "./parity/recording.ts";

/** A Consul of its own for one test. */
interface TestConsul {
  readonly kernel: Kernel;
  readonly dns: Dns;
  /** Sends a request to the first agent and waits for its answer on virtual time. */
  readonly http: (
    method: string,
    path: string,
    body?: unknown,
  ) => { readonly status: number; readonly body: unknown; readonly headers: HttpReply["headers"] };
  /** Asks a question, `name. TYPE`; `undefined` is silence. */
  readonly ask: (
    question: string,
    options?: { readonly udpBytes?: number; readonly transport?: "udp" | "tcp" },
  ) => DnsReplyRecord | undefined;
}

export function createTestConsul(options: Partial<DnsOptions> = {}, seed: string | number = 1): TestConsul {
  const kernel = new Kernel({ seed });
  const dns = createDns(kernel, { address: "127.0.0.1", ...options });
  const settle = (reply: HttpReply | Process<HttpReply>): HttpReply => {
    if (!(reply instanceof Process)) return reply;
    while (reply.running) if (!kernel.step()) throw new Error("the reply never comes");
    if (reply.outcome.state !== "done") throw new Error("the reply failed");
    return reply.outcome.value;
  };
  return {
    kernel,
    dns,
    http: (method, path, body) => {
      const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
      const reply = settle(dns.http.receive(makeRequest(method, path, { body: text })));
      const sent = Buffer.from(reply.body ?? "").toString("utf8");
      const isJson = reply.headers?.["Content-Type"] === "application/json";
      return { status: reply.status, body: isJson ? (JSON.parse(sent) as unknown) : sent, headers: reply.headers };
    },
    ask: (question, { udpBytes, transport = "udp" } = {}) => {
      const reply = dns.answer(buildQuery(question, 1, udpBytes), transport);
      return reply && readReply(Buffer.from(reply));
    },
  };
}
