import { describe, expect, it } from "vitest";
import { createMemoryBroker } from "../osb/mutants/memory-broker.ts";
import { MEMORY_CATALOG } from "../osb/mutants/memory-catalog.ts";
import { alter, drop, mutate, success } from "../osb/mutants/mutant.ts";
import { asTransport } from "../osb/mutants/wire.ts";
import { osbSuite } from "../osb/suite.ts";
import type { RunEvent } from "./events.ts";
import { certify } from "../certify.ts";

/** Of a broker whose bindings come without credentials. */
async function evidenceOf(check: string) {
  const { handle, backend } = createMemoryBroker({ mode: "sync", catalog: MEMORY_CATALOG });
  const middleware = alter(["bind"], success, drop("credentials"));
  const events: RunEvent[] = [];
  await certify(
    {
      url: "http://127.0.0.1:1",
      username: "drydock",
      password: "conformance",
      suites: [osbSuite],
      profile: "osb-2.17",
      only: [check],
      transport: asTransport(mutate({ middleware }, handle)),
      backend,
    },
    (event) => void events.push(event),
  );
  const finished = events.filter((event) => event.type === "check-finished");
  return finished.flatMap(({ evidence }) => evidence);
}

describe("evidence that accuses", () => {
  it("begins with what made the instance, marked as such, so that its lines can be repeated in order", async () => {
    const evidence = await evidenceOf("bind-credentials-required");
    expect(evidence.map(({ setup = false, request: { method } }) => [setup, method])).toEqual([
      [true, "PUT"],
      [false, "PUT"],
    ]);
    const [provision, bind] = evidence.map(({ request }) => new URL(request.url).pathname);
    expect(bind).toMatch(new RegExp(`^${provision}/service_bindings/`));
  });

  it("has nothing to begin with where it is about nothing that exists", async () => {
    const evidence = await evidenceOf("catalog-200");
    expect(evidence.some(({ setup }) => setup)).toBe(false);
  });
});
