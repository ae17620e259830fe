import { offersOf, readCatalog } from "../../client/catalog.ts";
import { Ledger } from "../../client/ledger.ts";
import { OsbClient } from "../../client/osb-client.ts";
import type { SpecMinor } from "../../client/spec-version.ts";
import { Quota } from "../../runner/quota.ts";
import type { RunContext } from "../../runner/suite.ts";
import { parseDrydockFile } from "../../runner/index.ts";
import { OsbContext } from "../context.ts";
import { createMemoryBroker, type MemoryBrokerOptions } from "../memory-broker/broker.ts";
import { asTransport } from "../memory-broker/http.ts";
import { type Middleware, mutate } from "../mutants/traffic.ts";
import { Shared } from "../shared-instances.ts";

/** A broker in memory for one test, and what stands in front of it. */
interface TestBroker extends MemoryBrokerOptions {
  /** Default: nothing. */
  readonly middleware?: Middleware;
  /** Default 17. */
  readonly minor?: SpecMinor;
}

/** What a check works with in a run against a broker in memory, on a clock of its own. */
export async function contextOn({ middleware, minor = 17, ...options }: TestBroker = {}): Promise<OsbContext> {
  let [nowMs, ids] = [Date.UTC(2026, 0, 1), 0];
  const { handle, backend } = createMemoryBroker(options);
  const answering = middleware === undefined ? handle : mutate({ middleware }, handle);
  const platform = new OsbClient(
    {
      target: {
        url: "http://127.0.0.1:1",
        auth: { kind: "basic", username: "drydock", password: "conformance" },
        headers: {},
      },
      transport: asTransport(answering),
      clock: { nowMs: () => nowMs, sleepMs: async (ms) => void (nowMs += ms) },
      minor,
      newId: () => `5f0b4c8e-3333-4000-8000-${String(++ids).padStart(12, "0")}`,
      operationMsMax: 60_000,
      pollMsMin: 100,
      pollMsMax: 1_000,
      cleanupMsMax: 60_000,
    },
    new Ledger(),
  );
  const catalog = await platform.send("catalog");
  const services = readCatalog(catalog.json);
  const run: RunContext = {
    platform,
    catalog,
    services,
    offers: offersOf(services),
    minor,
    plans: "first",
    tidy: (_, work) => void work(),
    file: parseDrydockFile(""),
    backend,
    data: undefined,
    answers: platform.sent,
    quota: new Quota(8),
    signal: undefined,
    note: () => {},
  };
  return new OsbContext(platform.scope(), new Shared(run));
}
