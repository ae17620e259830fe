import { describe, expect, it } from "vitest";
import { certify } from "../certify.ts";
import { createMemoryBroker } from "../osb/memory-broker/broker.ts";
import { asTransport, type Handler, jsonOf, reply, REQUEST_IDENTITY } from "../osb/memory-broker/http.ts";
import type { BrokerMode } from "../osb/memory-broker/mode.ts";
import { osbSuite } from "../osb/suite.ts";
import type { CertifySummary } from "./summary.ts";

const WORDS = "instance limit for this service has been reached";

/** A broker that has room for this many instances, and refuses further ones that it would otherwise accept. */
function brokerWithRoomFor(mode: BrokerMode, max: number, status: number) {
  const broker = createMemoryBroker({ mode });
  const live = new Set<string>();
  const ending = new Set<string>();
  const handle: Handler = async (request) => {
    const [, root, id = "", leaf] = request.path;
    const isOwn = root === "service_instances" && request.path.length === 3;
    if (isOwn && request.method === "PUT" && !live.has(id) && live.size >= max) {
      const wouldBe = await createMemoryBroker({ mode }).handle(request);
      if (wouldBe.status >= 300) return wouldBe;
      const identity = request.headers[REQUEST_IDENTITY];
      return reply(status, { description: WORDS }, identity === undefined ? {} : { [REQUEST_IDENTITY]: identity });
    }
    const response = await broker.handle(request);
    if (isOwn && request.method === "PUT" && response.status < 300) live.add(id);
    if (isOwn && request.method === "DELETE" && response.status === 202) ending.add(id);
    const isEnded = leaf === "last_operation" && (response.status === 410 || jsonOf(response)["state"] === "succeeded");
    const isRemoved = isOwn && request.method === "DELETE" && response.status === 200;
    if (root === "service_instances" && (isRemoved || (isEnded && ending.has(id)))) live.delete(id);
    return response;
  };
  return { handle, backend: broker.backend };
}

function run(mode: BrokerMode, max: number, status = 500): Promise<CertifySummary> {
  let nowMs = 0;
  const { handle, backend } = brokerWithRoomFor(mode, max, status);
  return certify({
    url: "http://127.0.0.1:1",
    username: "drydock",
    password: "conformance",
    profile: "osb-2.17",
    suites: [osbSuite],
    transport: asTransport(handle),
    backend,
    clock: { nowMs: () => nowMs, sleepMs: async (ms) => void (nowMs += ms) },
  });
}

const NEEDS_MORE = /^(needs|it needs more) .*the broker has room for/;

describe.each<BrokerMode>(["sync", "async"])("a broker whose quota is small (%s)", (mode) => {
  it.each([
    [1, 500],
    [2, 422],
    [3, 500],
  ])(
    "of %i gets the same verdicts as without a quota, except for checks that need more at once (%i)",
    async (max, status) => {
      const unlimited = await run(mode, Number.POSITIVE_INFINITY);
      const summary = await run(mode, max, status);
      const expected = new Map(unlimited.results.map(({ check, verdict }) => [check.id, verdict]));
      const others = summary.results.filter(({ check, verdict }) => verdict !== expected.get(check.id));
      expect(others.filter(({ reason = "" }) => !NEEDS_MORE.test(reason))).toEqual([]);
      expect(summary.counts).toMatchObject({ fail: 0, warn: 0 });
      expect(summary.results).toHaveLength(unlimited.results.length);
      if (max === 3) expect(others).toEqual([]);
      expect(summary.leftBehind).toEqual([]);
    },
  );
});

it("a broker that has room for none is reported in one line that names the quota", async () => {
  const { counts, results } = await run("sync", 0);
  expect(counts).toMatchObject({ fail: 0, warn: 0 });
  const reason = results.find(({ check }) => check.id === "provision-creates-resource")?.reason;
  expect(reason).toMatch(/a quota/);
  for (const each of results) expect(each.reason ?? "").not.toMatch(/\n|drydock\.yml/);
});
