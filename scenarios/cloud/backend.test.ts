import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certify, type CertifySummary, osbSuite } from "../../conformance/index.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { sliceOf, strideOf } from "../../scripts/tests/slice.ts";
import { inception } from "../story/inception.ts";
import { referenceBackend } from "./backend.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";

/** More deploys at once would wait in the director's queue for longer than a plan's maximum_polling_duration. */
const INSTANCES_AT_ONCE = 12;
/** Each so many checks of the suite are made; `npm run unit:whole` makes all. */
const EVERY = strideOf(24);
const nth = (ids: readonly string[]): readonly string[] => sliceOf(ids, EVERY);

describe("the reference broker, with a backend that is stalled and broken on purpose", () => {
  let world: World;
  let brokers: Brokers;
  const reported: unknown[] = [];

  beforeAll(async () => {
    world = createWorld({ seed: 1, scramIterations: 1, journalEventsMax: 200 });
    brokers = new Brokers(world, { report: (error) => reported.push(error) });
    await world.run(() => inception(world, { services: ["postgresql", "redis"] }));
  });

  afterAll(() => brokers.close());

  const judge = (broker: RunningBroker, only?: readonly string[]): Promise<CertifySummary> => {
    const environment = world.environmentAt(world.plan.applications);
    let ids = 0;
    return world.run(() =>
      certify({
        url: broker.url,
        username: broker.username,
        password: broker.password,
        suites: [osbSuite],
        profile: "osb-2.17",
        maxInstances: INSTANCES_AT_ONCE,
        ...(only && { only }),
        backend: referenceBackend(world, broker.service),
        fetch: (url, init) => environment.fetch(url, init),
        clock: { nowMs: () => environment.nowMs(), sleepMs: (ms) => environment.sleepMs(ms) },
        newId: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
      }),
    );
  };
  const wrong = ({ results }: CertifySummary): readonly object[] =>
    results.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable");

  it("meets every tested clause", async () => {
    const [broker] = brokers.list();
    if (broker === undefined) throw new Error("no broker has been deployed");
    const summary = await judge(broker, nth(osbSuite.checks.map(({ id }) => id)));
    expect(wrong(summary)).toEqual([]);
    expect(summary.leftBehind).toEqual([]);
    expect(summary.counts.pass).toBeGreaterThan(250 / EVERY);
    expect(reported).toEqual([]);
  });

  // One more stands for the rest, because the broker never depends on a service's kind.
  it.each(["redis"] as const)("answers requests while %s is held, and deletes what failed", async (service) => {
    const broker = brokers.list().find((each) => each.service === service);
    if (broker === undefined) throw new Error("no broker has been deployed");
    const checks = ["*-while-in-progress-*", "*-concurrent-*", "*-busy-*", "orphan-*", "*-failed-*"];
    const summary = await judge(broker, nth(idsLike(checks)));
    expect(wrong(summary)).toEqual([]);
    expect(summary.counts.pass).toBeGreaterThan(10 / EVERY);
  });

  const idsLike = (patterns: readonly string[]): readonly string[] => {
    const expressions = patterns.map((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`));
    return osbSuite.checks.map(({ id }) => id).filter((id) => expressions.some((expression) => expression.test(id)));
  };
});
