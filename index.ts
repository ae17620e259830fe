/**
 * Drydock as a library.
 *
 * `createWorld` makes a fake cloud in process (`world.handlers()` for msw, `world.environmentAt(address).fetch` without sockets), `bootCloud` one on
 * loopback that real clients can reach. `certify` judges any broker by its URL, `describeConformance` turns the checks into vitest tests.
 */
import type { RequestHandler } from "msw";
import { mswHandlers } from "./simulators/kernel/edge/msw.ts";
import { createWorld as createBareWorld, type World as BareWorld, type WorldOptions } from "./simulators/world.ts";

export * from "./conformance/index.ts";
export { describeConformance, type DescribeOptions } from "./conformance/vitest.ts";
export { foldRun, type Report, type WrittenReports, writeReports } from "./reports/index.ts";
export { orderAndBind as customer } from "./scenarios/story/customer.ts";
export { type Inception, inception, type InceptionOptions } from "./scenarios/story/inception.ts";
export { bootCloud, type Cloud, type CloudOptions } from "./scenarios/cloud/cloud.ts";
export { default as fc } from "fast-check";
export { defineScenario, type OwnPlay, type OwnScenario } from "./scenarios/own/define.ts";
export type { PreparedScenario, Scenario, SeedResult } from "./scenarios/scenario.ts";
export type { StoryLine } from "./scenarios/story/story.ts";
export type { Environment } from "./simulators/environment.ts";
export type { Credentials, Endpoint, WorldOptions } from "./simulators/world.ts";

/** A fake cloud in one process, with the handlers that put it behind msw. */
export interface World extends BareWorld {
  /** msw handlers of every service that answers now, for `setupServer(...world.handlers())`. */
  handlers(): RequestHandler[];
}

/** Makes a fake cloud; nothing runs on it until something is deployed: see `inception`. */
export function createWorld(options: WorldOptions = {}): World {
  const world = createBareWorld(options);
  const handlers = (): RequestHandler[] =>
    world
      .endpoints()
      .flatMap(({ service, address, port, tls }) =>
        mswHandlers(service, world.driver, `${tls ? "https" : "http"}://${address}:${port}`),
      );
  return { ...world, handlers };
}
