import { expect, it } from "vitest";
import { createMemoryBroker } from "../conformance/osb/memory-broker/broker.ts";
import { type Handler, jsonOf, reply } from "../conformance/osb/memory-broker/http.ts";
import { drydockHere as drydock } from "./testing/run-here.ts";
import { startServer } from "./testing/run.ts";
import { listenerOf } from "./testing/serve-handler.ts";

const env = { DRYDOCK_PASSWORD: "conformance" };
const BIG = "5f0b4c8e-0000-4000-8000-000000000102";

/** A broker in which a plan other than the first accepts a provision without service_id. */
function carelessWithBig(): Handler {
  const { handle } = createMemoryBroker();
  return async (request) => {
    const { plan_id: planId, service_id: serviceId } = jsonOf(request);
    const isCareless = request.method === "PUT" && planId === BIG && typeof serviceId !== "string";
    return isCareless ? reply(201, {}) : handle(request);
  };
}

it.each([
  ["all", 1],
  ["first", 0],
])("a fault of a plan other than the first is found if all are tried (--plans %s)", async (plans, code) => {
  await using broker = await startServer(listenerOf(carelessWithBig()));
  const only = ["--only", "provision-missing-service-id-400", "--plans", plans];
  const ran = await drydock(["certify", broker.url, "--username", "drydock", "--profile", "osb-2.17", ...only], env);
  expect(ran.code).toBe(code);
  expect(/"big"/.test(ran.stdout)).toBe(plans === "all");
});

it("all plans are tried unless the command line says otherwise, and an unknown value is refused", async () => {
  await using broker = await startServer(listenerOf(carelessWithBig()));
  const only = ["--only", "provision-missing-service-id-400", "--profile", "osb-2.17"];
  expect((await drydock(["certify", broker.url, "--username", "drydock", ...only], env)).code).toBe(1);
  const ran = await drydock(["certify", broker.url, ...only, "--plans", "some"], env);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("first, all")]);
});
