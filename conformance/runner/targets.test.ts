import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { generate } from "selfsigned";
import { afterEach, describe, expect, it } from "vitest";
import { osbSuite } from "../osb/suite.ts";
import { certify } from "../certify.ts";
import { INSTANCES_AT_ONCE } from "./limits.ts";
import type { CertifyOptions } from "./options.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { MEMORY_CATALOG } from "../osb/memory-broker/catalog.ts";
import type { BrokerMode } from "../osb/memory-broker/mode.ts";
import { asTransport, type Handler, jsonOf, type WireRequest, type WireResponse } from "../osb/memory-broker/http.ts";

type Listener = http.RequestListener;

const servers: http.Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function listening(server: http.Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

const serve = async (listener: Listener): Promise<string> =>
  `http://127.0.0.1:${await listening(http.createServer(listener))}`;

/** For targets that answer, on machines that are busy. */
const PATIENT = { exchangeMs: 60_000, operationMsMax: 60_000, pollMsMin: 1, pollMsMax: 5, cleanupMsMax: 500 } as const;
/** For targets that do not: how long is waited in vain. */
const QUICK = { ...PATIENT, exchangeMs: 500, operationMsMax: 5_000 } as const;

const options = (url: string, more: Partial<CertifyOptions> = {}): CertifyOptions => ({
  url,
  username: "drydock",
  password: "conformance",
  suites: [osbSuite],
  profile: "osb-2.17",
  limits: PATIENT,
  ...more,
});

/** How a run against this ends before it has begun. */
async function refusal(url: string, more: Partial<CertifyOptions> = {}): Promise<TargetError> {
  const error = await certify(options(url, more)).catch((thrown: unknown) => thrown);
  if (error instanceof TargetError) return error;
  throw new Error("the target was accepted", { cause: error });
}

async function read(request: http.IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  return {
    method: request.method ?? "GET",
    path: url.pathname.split("/").slice(1).map(decodeURIComponent),
    query: Object.fromEntries(url.searchParams),
    headers: request.headers as Record<string, string>,
    headerNames: request.rawHeaders.filter((_, at) => at % 2 === 0),
    text: Buffer.concat(chunks).toString("utf8"),
  };
}

const isBare = (status: number): boolean => status === 304 || status === 204;

function plainly(response: http.ServerResponse, { status, headers, text }: WireResponse): void {
  response.writeHead(status, headers).end(isBare(status) ? undefined : text);
}

/** The same in another spelling: headers in capitals, the body in chunks. */
function oddly(response: http.ServerResponse, { status, headers, text }: WireResponse): void {
  response.writeHead(
    status,
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
  );
  if (!isBare(status)) for (const chunk of text.match(/.{1,7}/gs) ?? []) response.write(chunk);
  response.end();
}

/** A handler behind a socket, that takes this long before and after its work. */
function overSockets(
  handler: Handler,
  pauseMs = () => 0,
  write = plainly,
): { readonly listener: Listener; readonly idle: () => Promise<void> } {
  let running = 0;
  const respond = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const wire = await read(request);
    await sleep(pauseMs());
    const answer = await handler(wire);
    await sleep(pauseMs());
    write(response, answer);
  };
  return {
    listener: (request, response) => {
      running++;
      respond(request, response)
        .catch(() => response.destroy())
        .finally(() => running--);
    },
    async idle() {
      while (running > 0) await sleep(1);
    },
  };
}

const json = { "content-type": "application/json" };

/** What a run meets first, and what it says about that. */
const STRANGE: readonly (readonly [string, string, Listener])[] = [
  [
    "answers with a redirect",
    "redirected",
    (_, response) => response.writeHead(302, { location: "https://example.com/" }).end(),
  ],
  ["refuses the credentials", "unauthorized", (_, response) => response.writeHead(401).end()],
  ["is not a broker", "no-catalog", (_, response) => response.writeHead(404).end("nothing here")],
  [
    "answers in HTML",
    "not-json",
    (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hello</h1>"),
  ],
  ["answers nothing", "not-json", (_, response) => response.writeHead(200).end()],
  ["answers with another JSON", "not-a-catalog", (_, response) => response.writeHead(200, json).end('{"name":"api"}')],
  ["nests deeper than is read", "not-json", (_, response) => response.writeHead(200, json).end("[".repeat(200_000))],
  [
    "answers bytes that are not UTF-8",
    "not-json",
    (_, response) => response.writeHead(200, json).end(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])),
  ],
  ["never answers", "no-answer", () => {}],
  ["hangs up", "unreachable", (request) => request.socket.destroy()],
  ["speaks another protocol", "unreachable", (request) => request.socket.end("SSH-2.0-OpenSSH_9.6\r\n")],
];

/** 200 MB of blanks; `flood.sent` counts the megabytes. */
async function pour(response: http.ServerResponse, flood: { sent: number }): Promise<void> {
  const megabyte = Buffer.alloc(1024 * 1024, " ");
  response.writeHead(200, json);
  for (; flood.sent < 200 && !response.destroyed; flood.sent++) {
    if (!response.write(megabyte)) await new Promise((go) => response.once("drain", go).once("close", go));
  }
  response.end();
}

async function trickle(response: http.ServerResponse, text: string): Promise<void> {
  response.writeHead(200, json);
  for (const letter of text) {
    if (response.destroyed) return;
    response.write(letter);
    await sleep(50);
  }
}

describe("a target that cannot be tested", () => {
  it.each(STRANGE)("%s: %s, in one line", async (_, code, listener) => {
    const error = await refusal(await serve(listener), { limits: code === "no-answer" ? QUICK : PATIENT });
    expect(error).toMatchObject({ code, exitCode: 2 });
    expect(error.message).not.toMatch(/\n/);
  });

  it("is not there", async () => {
    const port = await listening(http.createServer());
    await new Promise((done) => servers.pop()?.close(done));
    expect(await refusal(`http://127.0.0.1:${port}`)).toMatchObject({ code: "unreachable", exitCode: 2 });
  });

  it.each(["ftp://127.0.0.1/", "broker"])("is not a web address: %s", async (url) => {
    expect((await refusal(url)).code).toBe("bad-url");
  });

  it("sends 200 MB, of which no more is read than the limit", async () => {
    const flood = { sent: 0 };
    const url = await serve((_, response) => void pour(response, flood));
    expect((await refusal(url, { limits: { bodyBytesMax: 4 * 1024 * 1024 } })).code).toBe("too-large");
    expect(flood.sent).toBeLessThan(100);
  });

  it("trickles, and is not waited for longer than one exchange may take", async () => {
    const url = await serve((_, response) => void trickle(response, JSON.stringify(MEMORY_CATALOG)));
    expect((await refusal(url, { limits: QUICK })).code).toBe("no-answer");
  });

  it("has a certificate that is not trusted, until its authority is given", async () => {
    const { private: key, cert } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
      keyType: "ec",
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    const { listener } = overSockets(createMemoryBroker().handle);
    const url = `https://127.0.0.1:${await listening(https.createServer({ key, cert }, listener))}`;
    expect((await refusal(url)).code).toBe("tls");
    const { counts } = await certify(options(url, { ca: cert, only: ["catalog-200"] }));
    expect(counts.pass).toBe(1);
  });
});

describe("a broker behind a socket", () => {
  it("is found right, whatever the spelling of its headers and the pieces of its bodies", async () => {
    const broker = createMemoryBroker({ mode: "mixed" });
    const url = await serve(overSockets(broker.handle, () => 0, oddly).listener);
    const limits = { pollMsMin: 1, pollMsMax: 5 };
    const { counts, exitCode, leftBehind } = await certify(options(url, { backend: broker.backend, limits }));
    expect(counts).toMatchObject({ fail: 0, unknown: 0, warn: 0 });
    expect([exitCode, leftBehind]).toEqual([0, []]);
  });
});

/** Ids of what a broker has, found by deleting all that was ever asked for. */
function witness(handler: Handler): { readonly handle: Handler; readonly remaining: () => Promise<string[]> } {
  const made = new Map<string, WireRequest>();
  return {
    async handle(request) {
      const response = await handler(request);
      if (request.method === "PUT" && response.status < 300) made.set(request.path.at(-1) ?? "", request);
      return response;
    },
    async remaining() {
      const left: string[] = [];
      for (const [id, request] of made) {
        const { service_id: service, plan_id: plan } = jsonOf(request);
        const query = {
          service_id: String(service as string),
          plan_id: String(plan as string),
          accepts_incomplete: "true",
        };
        const { status } = await handler({ ...request, method: "DELETE", query, text: "" });
        if (status !== 410) left.push(id);
      }
      return left;
    },
  };
}

/** Checks of every kind: lifecycles, shared and fresh instances, bindings, updates, refusals, operations in flight. */
const SOME = ["provision-*", "update-2*", "update-app*", "bind-2*", "bind-id*", "deprovision-m*", "unbind-during*"];

describe("an interrupted run", () => {
  it("leaves nothing at the broker that it does not list, whenever that happens", async () => {
    const moment = fc.record({
      mode: fc.constantFrom<BrokerMode>("sync", "async"),
      requests: fc.integer({ min: 0, max: 240 }),
      pausesMs: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(moment, async ({ mode, requests, pausesMs }) => {
        const stop = new AbortController();
        const broker = createMemoryBroker({ mode });
        const { handle, remaining } = witness(broker.handle);
        let seen = 0;
        const { listener, idle } = overSockets(handle, () => {
          if (++seen >= requests) stop.abort();
          return pausesMs[seen % pausesMs.length] ?? 0;
        });
        const url = await serve(listener);
        const summary = await certify(
          options(url, {
            signal: stop.signal,
            only: SOME,
            backend: broker.backend,
            limits: { pollMsMin: 1, pollMsMax: 5 },
          }),
        );
        await idle();
        expect(summary.exitCode).toBe(stop.signal.aborted ? 130 : 0);
        const listed = summary.leftBehind.map(({ id }) => id);
        expect((await remaining()).filter((id) => !listed.includes(id))).toEqual([]);
        expect(listed).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });

  it("ends with 130 also when it is stopped before it has begun", async () => {
    const url = await serve(overSockets(createMemoryBroker().handle).listener);
    const { exitCode, results } = await certify(options(url, { signal: AbortSignal.abort() }));
    expect([exitCode, results.length]).toEqual([130, 0]);
  });
});

/** How a broker ends: its port is closed, its connections break, or it falls silent. */
const ENDINGS: Readonly<Record<string, (server: http.Server, request: http.IncomingMessage) => void>> = {
  "closes its port"(server, request) {
    server.close();
    request.socket.destroy();
  },
  "breaks connections": (_, request) => request.socket.destroy(),
  "falls silent": () => {},
};

describe("a broker that does not hold out", () => {
  // One that falls silent early is met on virtual time (bad-targets.test.ts): here it would be waited for.
  const ends = Object.keys(ENDINGS)
    .flatMap((how) => [20, 300].map((requests) => [how, requests] as const))
    .filter(([how, requests]) => how !== "falls silent" || requests > 20);
  it.each(ends)(
    "and %s after %i requests is reported as lost, with all that it may still have",
    async (how, requests) => {
      const { handle, remaining } = witness(createMemoryBroker({ mode: "mixed" }).handle);
      const { listener, idle } = overSockets(handle);
      let left = requests;
      const server = http.createServer((request, response) => {
        if (left-- > 0) listener(request, response);
        else ENDINGS[how]?.(server, request);
      });
      const url = `http://127.0.0.1:${await listening(server)}`;
      const { exitCode, error, counts, leftBehind, results } = await certify(
        // It must be given the time in which it answers, before it is waited for in vain.
        options(url, { limits: how === "falls silent" ? { ...PATIENT, exchangeMs: 1_000 } : PATIENT }),
      );
      await idle();
      expect(results.filter(({ verdict }) => verdict === "fail")).toEqual([]);
      expect([exitCode, error?.code, counts.fail]).toEqual([2, "lost", 0]);
      const listed = leftBehind.map(({ id }) => id);
      expect((await remaining()).filter((id) => !listed.includes(id))).toEqual([]);
      for (const { id, curl } of leftBehind)
        expect(curl).toMatch(new RegExp(`^curl .*-X DELETE .*${encodeURIComponent(id)}`));
    },
  );

  /** Checks and stories that request an operation of their own, because they judge what can be seen while it is in progress. */
  const OWN_PROVISIONS_MAX = 45;

  it.each([8, INSTANCES_AT_ONCE])("is given up when its operations never end (%i at once)", async (maxInstances) => {
    const begun = new Set<string>();
    const broker = createMemoryBroker({ mode: "async" });
    await broker.backend.hold?.();
    const handler: Handler = async (request) => {
      const response = await broker.handle(request);
      if (request.method === "PUT" && response.status === 202) begun.add(request.path.at(-1) ?? "");
      return response;
    };
    const { exitCode, results, leftBehind } = await certify(
      options("http://127.0.0.1:1", {
        transport: asTransport(handler),
        backend: {},
        maxInstances,
        limits: { ...QUICK, operationMsMax: 60, cleanupMsMax: 60 },
      }),
    );
    expect(exitCode).not.toBe(0);
    expect(results.find(({ check }) => check.id === "maximum-polling-duration-respected")?.verdict).not.toBe("pass");
    expect(results.some(({ reason = "" }) => reason.includes("an ordinary provision does not end in time"))).toBe(true);
    expect(begun.size).toBeLessThanOrEqual(maxInstances + OWN_PROVISIONS_MAX);
    const listed = new Set(leftBehind.map(({ id }) => id));
    expect([...begun].filter((id) => !listed.has(id))).toEqual([]);
  });
});

describe("a broker that serves older versions only", () => {
  const { handle } = createMemoryBroker();
  const serving: Handler = async (request) => {
    const isNewer = Number(request.headers["x-broker-api-version"]?.split(".")[1]) > 14;
    return isNewer ? { status: 412, headers: {}, text: "{}" } : handle(request);
  };
  const certifyBy = (profile?: string) => {
    const { profile: _, ...rest } = options("http://127.0.0.1:1", {
      transport: asTransport(serving),
      only: ["catalog-200"],
    });
    return certify({ ...rest, ...(profile === undefined ? {} : { profile }) });
  };

  it("is asked in the newest that it serves", async () => {
    expect(await certifyBy()).toMatchObject({ minor: 14, exitCode: 0 });
  });

  it("cannot be tested in a newer one", async () => {
    await expect(certifyBy("osb-2.16")).rejects.toMatchObject({ code: "version-refused", exitCode: 2 });
  });
});

/** How many instances there are at once, at most, as the broker sees it. */
function counting(handler: Handler): { readonly handle: Handler; readonly most: () => number } {
  const live = new Set<string>();
  const ending = new Set<string>();
  let most = 0;
  return {
    most: () => most,
    async handle(request) {
      const [, root, id = "", leaf] = request.path;
      const response = await handler(request);
      if (root !== "service_instances") return response;
      const isPoll = leaf === "last_operation";
      if (request.path.length === 3 && request.method === "PUT" && response.status < 300) live.add(id);
      if (request.path.length === 3 && request.method === "DELETE" && response.status === 202) ending.add(id);
      const isOver = isPoll && (response.status === 410 || jsonOf(response)["state"] === "succeeded");
      if (
        (request.path.length === 3 && request.method === "DELETE" && response.status === 200) ||
        (isOver && ending.has(id))
      )
        live.delete(id);
      most = Math.max(most, live.size);
      return response;
    },
  };
}

describe("the limit on instances at once", () => {
  const limits = [1, 2, 3, 8].flatMap((max) => (["sync", "async"] as const).map((mode) => [max, mode] as const));
  it.each(limits)("of %i is kept (%s)", async (max, mode) => {
    let nowMs = 0;
    const broker = createMemoryBroker({ mode });
    const { handle, most } = counting(broker.handle);
    const { counts } = await certify(
      options("http://127.0.0.1:1", {
        transport: asTransport(handle),
        backend: broker.backend,
        clock: { nowMs: () => nowMs, sleepMs: async (ms) => void (nowMs += ms) },
        limits: {},
        maxInstances: max,
        jobs: 6,
      }),
    );
    expect(counts).toMatchObject({ fail: 0, unknown: 0, warn: 0 });
    expect(most()).toBeLessThanOrEqual(max);
  });
});
