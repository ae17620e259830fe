import { expect, it } from "vitest";
import { certify } from "../../runner/certify.ts";
import { createMemoryBroker } from "../memory-broker/broker.ts";
import { asTransport, type Handler, type WireResponse } from "../memory-broker/http.ts";
import { osbSuite } from "../suite.ts";

const page: WireResponse = {
  status: 200,
  headers: { "content-type": "text/html" },
  text: "<!doctype html><title>Welcome</title>",
};

/** What is accused where a page is answered to whatever this picks. */
async function accuse(isReplaced: (path: readonly string[], method: string) => boolean) {
  const { handle } = createMemoryBroker();
  const handler: Handler = async (request) => {
    const answer = await handle(request);
    return answer.status !== 401 && isReplaced(request.path, request.method) ? page : answer;
  };
  const { results } = await certify({
    url: "http://127.0.0.1:1",
    username: "drydock",
    password: "conformance",
    suites: [osbSuite],
    profile: "osb-2.17",
    transport: asTransport(handler),
    clock: { nowMs: () => 0, sleepMs: async () => {} },
  });
  const found = results.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  const following = results.filter(({ followsFrom }) => followsFrom === "provision-creates-resource");
  return { found: found.map(({ check }) => check.id), reason: found[0]?.reason, following: following.length };
}

it("pages in the place of everything but the catalog are one finding, which names what may answer there", async () => {
  const { found, reason, following } = await accuse((path) => path[1] !== "catalog");
  expect(found).toEqual(["provision-creates-resource"]);
  expect(reason).toContain("a web server or a proxy answers in a broker's place");
  expect(following).toBeGreaterThan(150);
});

it("a page in the place of one kind of answer is held against the clauses about that answer", async () => {
  const { found, following } = await accuse((path, method) => path.length === 3 && method === "DELETE");
  expect(found).toContain("deprovision-200-body");
  expect(following).toBe(0);
});
