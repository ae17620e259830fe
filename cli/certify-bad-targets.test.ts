import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createMemoryBroker } from "../conformance/osb/memory-broker/broker.ts";
import { MEMORY_CATALOG } from "../conformance/osb/memory-broker/catalog.ts";
import { type Handler, reply, type WireRequest, type WireResponse } from "../conformance/osb/memory-broker/http.ts";
import { drydockHere as drydock } from "./testing/run-here.ts";
import { startServer } from "./testing/run.ts";

/** The answer of a bad target: undefined hangs up, a promise that never resolves is silence. */
type Behave = (request: WireRequest, asked: number, sound: Handler) => Promise<WireResponse | undefined>;

async function read(request: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  return {
    method: request.method ?? "GET",
    path: pathname.split("/").slice(1).map(decodeURIComponent),
    query: Object.fromEntries(searchParams),
    headers: request.headers as Record<string, string>,
    headerNames: request.rawHeaders.filter((_, at) => at % 2 === 0),
    text: Buffer.concat(chunks).toString("utf8"),
  };
}

function serve(behave: Behave) {
  const { handle } = createMemoryBroker();
  let asked = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const got = await behave(await read(request), ++asked, handle);
    if (got === undefined) request.socket.destroy();
    else response.writeHead(got.status, got.headers).end(got.status === 304 ? undefined : got.text);
  };
  return startServer((request, response) => void answer(request, response).catch(() => response.destroy()));
}

/** Behaves as described after so many requests; until then it is sound. */
const after =
  (served: number, behave: (request: WireRequest) => Promise<WireResponse | undefined>): Behave =>
  (request, asked, sound) =>
    asked > served ? behave(request) : sound(request);

const isProvision = ({ method, path }: WireRequest): boolean => method === "PUT" && path.length === 3;
const refusing =
  (status: number, description: string): Behave =>
  (request, _asked, sound) =>
    isProvision(request) ? Promise.resolve(reply(status, { description })) : sound(request);

const circle: WireResponse = { status: 307, headers: { location: "/v2/catalog" }, text: "" };
const other = createMemoryBroker({
  catalog: JSON.parse(JSON.stringify(MEMORY_CATALOG).replaceAll("5f0b4c8e-0000-4000-8000", "5f0b4c8e-0000-4000-9000")),
});
const silence = new Promise<undefined>(() => {});
const busy = reply(429, {}, { "retry-after": "0" });
const page: WireResponse = { status: 503, headers: { "content-type": "text/html" }, text: "<h1>Maintenance</h1>" };

/** Time for an answer, in s: of a target that gives none, and of any other, as the machine may be busy. */
const [SILENCE_S, PATIENCE_S] = [3, 60];

/** Checks of each kind. */
const LIMITS = ["--max-operation", "60", "--profile", "osb-2.17", "--only", "provision-*,fetch-*,bind-*"];
const login = ["--username", "drydock", "--password", "conformance"];

/** Certifies as a user would. */
async function certify(behave: Behave, timeoutS: number) {
  await using target = await serve(behave);
  return await drydock(["certify", target.url, ...login, ...LIMITS, "--timeout", String(timeoutS)]);
}

/** Targets that can't be tested at all, with the line that says so. */
const HOPELESS: readonly (readonly [string, Behave, RegExp])[] = [
  ["answers 429 forever", () => Promise.resolve(busy), /429.*\[no-answer\]/],
  ["redirects in a circle", () => Promise.resolve(circle), /answers 307.*\[redirected\]/],
  ["hangs up", () => Promise.resolve(undefined), /socket hang up.*\[unreachable\]/],
];

/** Targets that go wrong during the run, with the line that says so. */
const FAILING: readonly (readonly [string, Behave, RegExp])[] = [
  [
    "becomes slower and slower",
    async (request, asked, sound) => (await sleep(asked * 150), sound(request)),
    /the broker stopped answering: .*no complete answer within 3000 ms/,
  ],
  ["falls silent", after(60, () => silence), /the broker stopped answering: .*no complete answer within 3000 ms/],
  ["hangs up forever", after(60, () => Promise.resolve(undefined)), /the broker stopped answering: .*socket hang up/],
  [
    "answers 429 after a while",
    after(60, () => Promise.resolve(busy)),
    /too many requests \(429\), also when asked as seldom as it wants/,
  ],
  [
    "redirects in a circle after a while",
    after(60, () => Promise.resolve(circle)),
    /is now answered 307: something else answers in the broker's place/,
  ],
  [
    "is replaced by a page of its proxy",
    after(60, () => Promise.resolve(page)),
    /is now answered 503: something else answers in the broker's place/,
  ],
  ["changes its catalog", after(60, (request) => other.handle(request)), /the catalog changed during the run: plan "/],
  [
    "is full",
    refusing(422, "instance limit for this service has been reached"),
    /a quota is reached: make room there, or run with fewer instances at once/,
  ],
  [
    "needs parameters",
    refusing(400, "the parameter region is required"),
    /parameters that it needs can be given in drydock\.yml/,
  ],
];

const SILENT: ReadonlySet<string> = new Set(["becomes slower and slower", "falls silent"]);

describe("a target that can't be tested", () => {
  it.concurrent.each(HOPELESS)(
    "because it %s: the command ends with 2 and one line that says so",
    async (_how, behave, says) => {
      const { code, stdout, stderr } = await certify(behave, PATIENCE_S);
      expect(stderr.trim()).toMatch(says);
      expect([code, stdout, stderr.trim().split("\n").length]).toEqual([2, "", 1]);
    },
  );
});

describe("a broker that goes wrong", () => {
  it.concurrent.each(FAILING)(
    "because it %s: it is not accused; the command ends with 2 and says why",
    async (how, behave, says) => {
      const { code, stdout } = await certify(behave, SILENT.has(how) ? SILENCE_S : PATIENCE_S);
      expect(stdout).not.toContain("✗");
      expect(stdout).toMatch(says);
      expect(code).toBe(2);
      expect(stdout).not.toContain("a defect of drydock itself");
    },
  );
});
