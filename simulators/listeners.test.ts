import { createSocket } from "node:dgram";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDns, type Dns } from "./dns/index.ts";
import { serveDns } from "./dns/live/server.ts";
import { buildQuery, readReply } from "./dns/parity/message.ts";
import { WallDriver } from "./kernel/edge/drive.ts";
import { type LocalFetch, LocalNet } from "./kernel/edge/local.ts";
import { mswHandlers } from "./kernel/edge/msw.ts";
import { serve, type ServeOptions } from "./kernel/edge/serve.ts";
import {
  type Body,
  defineService,
  type Effect,
  EFFECT_KINDS,
  type EffectKind,
  empty,
  type HttpReply,
  json,
  Kernel,
  type Service,
  text,
} from "./kernel/index.ts";
import { makeKeys, type LiveKeys } from "./live/keys.ts";

/** Every kind of listener. */
const LISTENERS = ["http", "https", "local", "msw", "dns-udp", "dns-tcp"] as const;
type Listener = (typeof LISTENERS)[number];

/** How an exchange ended for the client, and what it had received by then. */
interface Seen {
  /** `whole`: the answer is complete. `broken`: the connection broke. `silent`: nothing came. */
  readonly end: "whole" | "broken" | "silent";
  /** Status or RCODE. */
  readonly status?: number | string;
  readonly body?: string;
  /** Bytes of the body or, over DNS, of the message. */
  readonly bytes?: number;
}

/**
 * The result that the client must see, and how many times the work must have been done; or that arming the
 * rule must be refused.
 */
type Row = { readonly seen: Seen; readonly worked: number } | "refused";

const BODY = JSON.stringify({ title: "Moby Dick" });
const WHOLE: Row = { seen: { end: "whole", status: 200, body: BODY, bytes: BODY.length }, worked: 1 };
const OLD = "10.0.0.1";
const NEW = "10.0.0.2";
const ANSWERED = (address: string): Row => ({ seen: { end: "whole", status: "NOERROR", body: address }, worked: 0 });

/** The result of each effect on an HTTP listener. */
const HTTP: Readonly<Record<EffectKind, Row>> = {
  reply: { seen: { end: "whole", status: 503, body: "busy", bytes: 4 }, worked: 0 },
  delay: WHOLE,
  reset: { seen: { end: "broken" }, worked: 0 },
  "lost-reply": { seen: { end: "broken" }, worked: 1 },
  truncate: { seen: { end: "broken", status: 200, body: BODY.slice(0, 3), bytes: 3 }, worked: 1 },
  stuck: WHOLE,
  error: "refused",
  vanish: "refused",
  stale: "refused",
};

const DNS: Readonly<Record<EffectKind, Row>> = {
  reply: { seen: { end: "whole", status: "SERVFAIL", body: "" }, worked: 0 },
  delay: ANSWERED(NEW),
  reset: { seen: { end: "broken" }, worked: 0 },
  truncate: { seen: { end: "broken", bytes: 20 }, worked: 0 },
  stale: ANSWERED(OLD),
  "lost-reply": "refused",
  stuck: "refused",
  error: "refused",
  vanish: "refused",
};

const ROWS: Readonly<Record<Listener, Readonly<Record<EffectKind, Row>>>> = {
  http: HTTP,
  https: HTTP,
  local: HTTP,
  msw: HTTP,
  "dns-tcp": DNS,
  "dns-udp": {
    ...DNS,
    reset: { seen: { end: "silent" }, worked: 0 },
    truncate: { seen: { end: "whole", bytes: 20 }, worked: 0 },
  },
};

const DELAY_MS = 30;

/** One effect of each kind. */
const EFFECTS_OF: { readonly [K in EffectKind]: (listener: Listener) => Effect & { readonly kind: K } } = {
  reply: (listener) =>
    listener.startsWith("dns") ? { kind: "reply", status: 503 } : { kind: "reply", status: 503, body: "busy" },
  delay: () => ({ kind: "delay", delayMs: DELAY_MS }),
  reset: () => ({ kind: "reset" }),
  "lost-reply": () => ({ kind: "lost-reply" }),
  truncate: (listener) => ({ kind: "truncate", bytes: listener.startsWith("dns") ? 20 : 3 }),
  error: () => ({ kind: "error", message: "no" }),
  stuck: () => ({ kind: "stuck" }),
  vanish: () => ({ kind: "vanish" }),
  stale: () => ({ kind: "stale", ageMs: 5000 }),
};

/** A client that can send a request, and leave in the middle of the answer. */
interface Asked {
  readonly seen: Promise<Seen>;
  readonly hangUp: () => void;
}

interface Rig {
  readonly kernel: Kernel;
  readonly point: string;
  readonly ask: () => Asked;
  /** How often the work was done, and when it was last. */
  readonly worked: () => number;
  readonly close: () => Promise<void>;
}

let keys: LiveKeys;
beforeAll(async () => {
  keys = await makeKeys(["127.0.0.1"], Date.now());
});

function library(kernel: Kernel): { readonly service: Service; readonly worked: () => number } {
  let worked = 0;
  const service = defineService({
    name: "library",
    kernel,
    sim: {},
    routes: [
      {
        method: "GET",
        path: "/book",
        handler: () => {
          worked++;
          return json(200, JSON.parse(BODY));
        },
      },
    ],
    unmatched: () => json(404, {}),
  });
  return { service, worked: () => worked };
}

/** The bytes that arrived over a connection until it ended. */
async function receiveAll(
  socket: Socket,
  isComplete: (bytes: Buffer) => boolean,
): Promise<[Buffer, "whole" | "broken"]> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      // Long answers are truncated here, but read to their end.
      if (chunks.length > 50 || !isComplete(Buffer.concat(chunks))) return;
      socket.destroy();
      resolve([Buffer.concat(chunks), "whole"]);
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve([Buffer.concat(chunks), "broken"]));
  });
}

/** Status and body of an HTTP message as far as it arrived; `length` is what its head promises. */
function messageIn(bytes: Buffer): { status: number; body: Buffer; length: number } | undefined {
  const split = bytes.indexOf("\r\n\r\n");
  if (split < 0) return undefined;
  const head = bytes.subarray(0, split).toString();
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
  return { status: Number(head.split(" ")[1]), body: bytes.subarray(split + 4), length };
}

function overSocket(open: () => Socket): Asked {
  const socket = open();
  socket.write("GET /book HTTP/1.1\r\nHost: library\r\n\r\n");
  const isComplete = (bytes: Buffer): boolean => {
    const message = messageIn(bytes);
    return message !== undefined && message.body.length >= message.length;
  };
  const seen = receiveAll(socket, isComplete).then(([bytes, end]): Seen => {
    const message = messageIn(bytes);
    if (message === undefined) return { end };
    return { end, status: message.status, body: message.body.toString(), bytes: message.body.length };
  });
  return { seen, hangUp: () => socket.destroy() };
}

function byFetch(call: LocalFetch, url: string): Asked {
  const gone = new AbortController();
  const seen = (async (): Promise<Seen> => {
    let response: Response;
    try {
      response = await call(url, { signal: gone.signal });
    } catch {
      return { end: "broken" };
    }
    let body = "";
    let end: Seen["end"] = "whole";
    try {
      for await (const chunk of response.body ?? []) body += Buffer.from(chunk).toString();
    } catch {
      end = "broken";
    }
    return { end, status: response.status, body, bytes: body.length };
  })();
  return { seen, hangUp: () => gone.abort() };
}

async function httpRig(listener: "http" | "https" | "local" | "msw"): Promise<Rig> {
  const kernel = new Kernel({ startMs: Date.now() });
  const driver = new WallDriver(kernel);
  const { service, worked } = library(kernel);
  const common = { kernel, worked, point: "library:GET /book" };
  const stop = async (): Promise<void> => driver.stop();
  if (listener === "local") {
    const net = new LocalNet(driver);
    net.attach("10.0.0.1", 80, { service });
    const call = net.fetchFrom("127.0.0.1");
    return { ...common, ask: () => byFetch(call, "http://10.0.0.1/book"), close: stop };
  }
  if (listener === "msw") {
    const server = setupServer(...mswHandlers(service, driver, "http://library.test"));
    server.listen({ onUnhandledFrame: "bypass" });
    const close = (): Promise<void> => stop().then(() => server.close());
    return { ...common, ask: () => byFetch(fetch, "http://library.test/book"), close };
  }
  const { ca, key, cert } = keys.tls;
  const tls = listener === "https" ? { key, cert } : undefined;
  const served = await serve(service, driver, { host: "127.0.0.1", port: 0, ...(tls && { tls }) });
  const { port } = served;
  const open = (): Socket => (tls ? connectTls({ host: "127.0.0.1", port, ca }) : connect({ host: "127.0.0.1", port }));
  return { ...common, ask: () => overSocket(open), close: () => served.close().then(stop) };
}

const QUESTION = buildQuery("alias.node.consul. A", 7, undefined);

/** A complete DNS message; of one that stops in the middle, only the length. */
function answerIn(message: Buffer, end: Seen["end"]): Seen {
  try {
    const { rcode, answer } = readReply(message);
    return { end, status: rcode, body: answer.map((record) => String((record as { data: unknown }).data)).join() };
  } catch {
    return { end, bytes: message.length };
  }
}

function overTcp(port: number): Asked {
  const socket = connect({ host: "127.0.0.1", port });
  const length = Buffer.from([0, QUESTION.length]);
  socket.write(Buffer.concat([length, QUESTION]));
  const isComplete = (bytes: Buffer): boolean => bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0);
  const seen = receiveAll(socket, isComplete).then(([bytes, end]): Seen => {
    if (bytes.length === 0) return { end };
    return answerIn(bytes.subarray(2), end);
  });
  return { seen, hangUp: () => socket.destroy() };
}

/** Asks another question after it: once that one is answered, the first never will be. */
function overUdp(kernel: Kernel, port: number): Asked {
  const socket = createSocket("udp4");
  const seen = (async (): Promise<Seen> => {
    socket.send(QUESTION, port, "127.0.0.1");
    const first = once(socket, "message");
    if (kernel.faults.rules[0]?.rule.effect.kind !== "reset") return answerIn((await first)[0] as Buffer, "whole");
    await expect.poll(() => kernel.faults.rules[0]?.acted).toBe(1);
    socket.send(buildQuery("alias.node.consul. A", 8, undefined), port, "127.0.0.1");
    const [message] = (await first) as [Buffer];
    return message.readUInt16BE(0) === 8 ? { end: "silent" } : answerIn(message, "whole");
  })().finally(() => socket.close());
  return { seen, hangUp: () => socket.close() };
}

async function dnsRig(listener: "dns-udp" | "dns-tcp"): Promise<Rig> {
  const kernel = new Kernel({ startMs: Date.now() - 20_000 });
  const dns: Dns = createDns(kernel, { address: "127.0.0.1" });
  dns.catalog.registerNode("alias", OLD);
  kernel.advanceTo(kernel.nowMs + 19_000);
  dns.catalog.registerNode("alias", NEW);
  const driver = new WallDriver(kernel);
  const served = await serveDns(dns, driver, { host: "127.0.0.1", port: 0 });
  const port = Number(served.address.split(":")[1]);
  const ask = (): Asked => (listener === "dns-tcp" ? overTcp(port) : overUdp(kernel, port));
  return {
    kernel,
    point: "dns:answer",
    ask,
    worked: () => 0,
    close: async () => {
      await served.close();
      driver.stop();
    },
  };
}

const RIGS: Readonly<Record<Listener, () => Promise<Rig>>> = {
  http: () => httpRig("http"),
  https: () => httpRig("https"),
  local: () => httpRig("local"),
  msw: () => httpRig("msw"),
  "dns-udp": () => dnsRig("dns-udp"),
  "dns-tcp": () => dnsRig("dns-tcp"),
};

describe.each(LISTENERS)("faults on %s", (listener) => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await RIGS[listener]();
  });
  afterAll(() => rig.close());

  it.each(EFFECT_KINDS)("%s does what its prose says, and the next request is answered", async (kind) => {
    const { kernel, point } = rig;
    const row = ROWS[listener][kind];
    const rule = { point, effect: EFFECTS_OF[kind](listener) };
    if (row === "refused") {
      expect(() => kernel.faults.arm(rule)).toThrow("FAULT_WRONG_EFFECT");
      return;
    }
    const id = kernel.faults.arm(rule);
    const before = rig.worked();
    const askedMs = kernel.nowMs;
    const asked = rig.ask();
    if (kind === "stuck") {
      await expect.poll(() => kernel.faults.holding).toBe(1);
      expect(rig.worked()).toBe(before);
      kernel.faults.disarm(id);
    }
    expect(await asked.seen).toEqual(row.seen);
    expect(rig.worked() - before).toBe(row.worked);
    if (kind === "delay") expect(kernel.nowMs - askedMs).toBeGreaterThanOrEqual(DELAY_MS);
    expect(kernel.faults.holding).toBe(0);
    kernel.faults.disarm();
    kernel.faults.arm({ point, effect: { kind: "delay", delayMs: 0 } });
    expect(await rig.ask().seen).toMatchObject({ end: "whole" });
    kernel.faults.disarm();
  });

  it("when a client vanishes during a delay, its work is done once the rule is disarmed, if not before", async () => {
    const { kernel, point } = rig;
    const before = rig.worked();
    kernel.faults.arm({ point, effect: { kind: "delay", delayMs: 86_400_000 } });
    const asked = rig.ask();
    asked.seen.catch(() => {});
    await expect.poll(() => kernel.faults.holding).toBe(1);
    asked.hangUp();
    kernel.faults.disarm();
    await expect.poll(() => kernel.running).toBe(0);
    expect(kernel.faults.holding).toBe(0);
    expect(rig.worked() - before).toBe(listener.startsWith("dns") ? 0 : 1);
  });

  it.skipIf(ROWS[listener].stuck === "refused")(
    "a client that vanishes while it gets no answer leaves nothing",
    async () => {
      const { kernel, point } = rig;
      const before = rig.worked();
      kernel.faults.arm({ point, count: null, effect: { kind: "stuck" } });
      const asked = rig.ask();
      await expect.poll(() => kernel.faults.holding).toBe(1);
      asked.hangUp();
      await expect.poll(() => kernel.running).toBe(0);
      expect(kernel.faults.holding).toBe(0);
      kernel.faults.disarm();
      expect(rig.worked()).toBe(before);
      expect(await rig.ask().seen).toEqual((WHOLE as { seen: Seen }).seen);
    },
  );

  it("closes while clients are held", async () => {
    const own = await RIGS[listener]();
    own.kernel.faults.arm({ point: own.point, effect: { kind: "delay", delayMs: 86_400_000 } });
    const asked = own.ask();
    asked.seen.catch(() => {});
    await expect.poll(() => own.kernel.faults.holding).toBe(1);
    await own.close();
    asked.hangUp();
  });
});

describe.each(["http", "https"] as const)("a listener over %s", (listener) => {
  const listen = async (
    reply: () => HttpReply | Body<HttpReply>,
    options: Partial<ServeOptions> = {},
  ): Promise<
    AsyncDisposable & { readonly kernel: Kernel; readonly ask: (reads?: (socket: Socket) => void) => Asked }
  > => {
    const kernel = new Kernel({ startMs: Date.now(), recordInputs: true });
    const driver = new WallDriver(kernel);
    const routes = [{ method: "GET", path: "/book", handler: reply }];
    const service = defineService({ name: "library", kernel, sim: {}, routes, unmatched: () => json(404, {}) });
    const { ca, key, cert } = keys.tls;
    const tls = listener === "https" && { tls: { key, cert } };
    const served = await serve(service, driver, { host: "127.0.0.1", port: 0, ...tls, ...options });
    const { port } = served;
    return {
      kernel,
      ask: (reads = () => {}) =>
        overSocket(() => {
          const socket = tls ? connectTls({ host: "127.0.0.1", port, ca }) : connect({ host: "127.0.0.1", port });
          reads(socket);
          return socket;
        }),
      [Symbol.asyncDispose]: () => served.close().then(() => driver.stop()),
    };
  };

  it("answers with the service's own 500 where a reply can't be written, says why, and goes on", async () => {
    const reported: unknown[] = [];
    let isBad = true;
    const answer = (): HttpReply => ({ status: 200, headers: isBad ? { "X A": "1" } : {}, body: "good" });
    await using served = await listen(answer, { report: (error) => reported.push(error) });
    expect(await served.ask().seen).toMatchObject({ end: "whole", status: 500 });
    expect(reported).toMatchObject([{ path: "/book", cause: { code: "ERR_INVALID_HTTP_TOKEN" } }]);
    isBad = false;
    expect(await served.ask().seen).toMatchObject({ end: "whole", body: "good" });
  });

  it("delivers all the bytes that are left of a cut answer, however slowly they are read", async () => {
    const bytes = 12_000_000;
    await using served = await listen(() => text(200, "x".repeat(2 * bytes)));
    served.kernel.faults.arm({ point: "library:GET /book", effect: { kind: "truncate", bytes } });
    const reads = (socket: Socket): void => {
      socket.on("data", () => {
        socket.pause();
        setTimeout(() => socket.resume(), 1);
      });
    };
    expect(await served.ask(reads).seen).toMatchObject({ end: "broken", status: 200, bytes });
  });

  it("sends a bodiless answer completely before it cuts the connection", async () => {
    await using served = await listen(() => empty(204));
    served.kernel.faults.arm({ point: "library:GET /book", effect: { kind: "truncate", bytes: 0 } });
    expect(await served.ask().seen).toEqual({ end: "broken", status: 204, body: "", bytes: 0 });
  });

  it("resets clients that it does not admit, and goes on", async () => {
    let isOpen = false;
    await using served = await listen(() => text(200, "good"), { admits: () => isOpen });
    expect(await served.ask().seen).toEqual({ end: "broken" });
    isOpen = true;
    expect(await served.ask().seen).toMatchObject({ end: "whole" });
  });

  it("breaks connections that are waiting for an answer when the world is restored", async () => {
    function* never(): Body<HttpReply> {
      yield 86_400_000;
      return text(200, "late");
    }
    await using served = await listen(never);
    const snapshot = served.kernel.snapshot();
    const asked = served.ask();
    await expect.poll(() => served.kernel.running).toBe(1);
    served.kernel.restore(snapshot);
    expect(await asked.seen).toEqual({ end: "broken" });
  });
});

it("a DNS question that makes the agent throw goes unanswered and is reported, and the next is answered", async () => {
  const kernel = new Kernel({ startMs: Date.now() });
  const dns = createDns(kernel, { address: "127.0.0.1" });
  dns.catalog.registerNode("alias", NEW);
  const driver = new WallDriver(kernel);
  const reported: unknown[] = [];
  let isBad = true;
  const agent: Dns = {
    ...dns,
    ask: (message, transport) => {
      if (isBad) throw new Error("no");
      return dns.ask(message, transport);
    },
  };
  const options = { host: "127.0.0.1", port: 0, report: (error: unknown) => reported.push(error) };
  const served = await serveDns(agent, driver, options);
  const port = Number(served.address.split(":")[1]);
  const [udp, tcp] = [createSocket("udp4"), overTcp(port)];
  udp.send(QUESTION, port, "127.0.0.1");
  await expect.poll(() => reported.length).toBe(2);
  isBad = false;
  udp.close();
  tcp.hangUp();
  expect(await overTcp(port).seen).toMatchObject({ end: "whole", body: NEW });
  await served.close();
  driver.stop();
});

it("an event's error goes to the crash handler, and the world goes on", () => {
  const kernel = new Kernel();
  const crashes: string[] = [];
  kernel.onCrash = (name, error) => crashes.push(`${name}: ${String(error)}`);
  kernel.onTimer("bad", () => {
    throw new Error("no");
  });
  kernel.schedule(1, () => {
    throw new Error("not either");
  });
  kernel.timer(2, "bad", null);
  expect(kernel.runToEnd()).toBe(2);
  expect(crashes).toEqual(["callback: Error: not either", "bad: Error: no"]);
});

it("every file of the simulators that opens a socket is one of these listeners, or has no faults of its own", () => {
  const listens =
    /^import [^;]*\bcreate(Server|Socket)\b[^;]* from "node:(net|tls|http|https|http2|dgram)"|\b(fastify|http\.all)\(/m;
  const files = globSync("simulators/**/*.ts").filter((file) => !/\.test\.ts$|\/testing\//.test(file));
  /** These send from sockets of their own, and nobody connects to them. */
  const asking = ["simulators/dns/live/notify.ts", "simulators/dns/live/wire.ts", "simulators/live/probe.ts"];
  const opening = files.filter((file) => listens.test(readFileSync(file, "utf8"))).sort();
  expect(opening.filter((file) => asking.includes(file))).toEqual(asking);
  const listening = opening.filter((file) => !asking.includes(file));
  expect(listening).toEqual([
    "simulators/dataservices/live/gated-listener.ts",
    "simulators/dataservices/live/mongodb/node.ts",
    "simulators/dataservices/live/redis/embedded/connections.ts",
    "simulators/dataservices/live/redis/relay.ts",
    "simulators/dns/live/server.ts",
    "simulators/kernel/edge/msw.ts",
    "simulators/kernel/edge/serve.ts",
    "simulators/live/block.ts",
  ]);
  // msw has no socket of its own.
  const deaf = listening.filter((file) => !readFileSync(file, "utf8").includes("hearErrors("));
  expect(deaf).toEqual(["simulators/kernel/edge/msw.ts"]);
});
