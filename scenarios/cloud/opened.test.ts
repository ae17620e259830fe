import { request } from "node:https";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { claimBlock } from "../../simulators/live/block.ts";
import { provisioning } from "../provisioning/scenario.ts";
import { openCloud } from "./opened.ts";
import type { Cloud } from "./cloud.ts";

async function askDirector({ director }: Cloud["description"], path: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const auth = `${director.client}:${director.clientSecret}`;
  request(`${director.url}${path}`, { auth, ca: director.caCert }, (reply) => resolve(text(reply)))
    .once("error", reject)
    .end();
  return JSON.parse(await promise);
}

it("a play that was stopped is opened as it is: others find what its steps have made, and it goes on", async () => {
  await using ends = new AsyncDisposableStack();
  const claimed = await claimBlock();
  ends.defer(() => claimed.release());
  const prepared = await provisioning.prepare({ block: claimed.block });
  await expect(prepared.stopAfter?.(1, 1000)).rejects.toThrow(RangeError);
  const stopped = await prepared.stopAfter?.(1, 1);
  if (stopped === undefined) throw new Error("it was not stopped");
  const { world, brokers } = stopped;
  const before = [...world.bosh.state().deployments.keys()];
  const errors: unknown[] = [];
  const cloud = await openCloud(world, brokers, { seed: 1, claimed, report: (error) => errors.push(error) });
  ends.defer(() => cloud.close());
  expect(stopped.steps).toHaveLength(1);
  const deployments = await askDirector(cloud.description, "/deployments");
  expect(deployments).toEqual(expect.arrayContaining(before.map((name) => expect.objectContaining({ name }))));
  expect(before.length).toBeGreaterThan(1);
  const [broker] = cloud.description.brokers;
  const login = Buffer.from(`${broker?.operator.username}:${broker?.operator.password}`).toString("base64");
  const records = await fetch(`${broker?.url}/instances`, { headers: { authorization: `Basic ${login}` } });
  expect(records.status).toBe(200);
  const openedMs = world.kernel.nowMs;
  await cloud.world.driver.sleep(20);
  expect(world.kernel.nowMs).toBeGreaterThan(openedMs);
  expect(errors).toEqual([]);
});
