import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, expect, it } from "vitest";
import { WallDriver, wallNowMs } from "../../kernel/edge/drive.ts";
import { Kernel } from "../../kernel/index.ts";
import { createDataServices } from "../index.ts";
import { AGENT } from "../testing.ts";
import { LivePlane } from "./index.ts";
import { addressOf, DATABASE, PASSWORD, USER } from "./testing/rig.ts";

const place = mkdtempSync(join(tmpdir(), "drydock-kept-disks-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const address = addressOf(40);
const agent = `http://${address}:${AGENT.port}/v1/credentials/${USER}`;
const properties = { database: DATABASE, port: 27017, agent: AGENT };

/** A plane whose disks lie in a folder, in a world that has this disk. */
async function open(folder: string, disk: string): Promise<AsyncDisposable> {
  const driver = new WallDriver(new Kernel({ startMs: wallNowMs(), pace: "instant" }));
  const services = createDataServices(driver.kernel);
  services.start({ kind: "mongodb", address, deployment: DATABASE, index: 0, bootstrap: true, disk, properties });
  const plane = await LivePlane.open({ services, driver, kept: { path: join(place, folder), secret: "s" } });
  await plane.settle();
  // Otherwise the next plane would be asked on a connection to this one.
  const headers = { connection: "close", authorization: `Basic ${btoa(`${AGENT.username}:${AGENT.password}`)}` };
  const made = await fetch(agent, { method: "PUT", headers, body: JSON.stringify({ password: PASSWORD }) });
  expect(made.status).toBe(201);
  return {
    [Symbol.asyncDispose]: async () => {
      await plane.close();
      driver.stop();
    },
  };
}

async function withItems<T>(
  work: (items: ReturnType<ReturnType<MongoClient["db"]>["collection"]>) => Promise<T>,
): Promise<T> {
  const client = await new MongoClient(`mongodb://${USER}:${PASSWORD}@${address}:27017/${DATABASE}`).connect();
  try {
    return await work(client.db().collection("items"));
  } finally {
    await client.close();
  }
}

const disksIn = (folder: string): readonly string[] =>
  readdirSync(join(place, folder)).filter((name) => name.startsWith("data-"));

it("finds the data of a disk again that a killed process left, and removes disks that the world no longer has", async () => {
  {
    await using _plane = await open("a", "disk-1");
    await withItems((items) => items.insertOne({ n: 1 }));
    // What is there while the server runs is what a killed process leaves.
    cpSync(join(place, "a"), join(place, "b"), { recursive: true });
    cpSync(join(place, "a"), join(place, "c"), { recursive: true });
  }
  expect(disksIn("a")).toHaveLength(1);
  {
    await using _plane = await open("b", "disk-1");
    expect(await withItems((items) => items.countDocuments())).toBe(1);
  }
  {
    await using _plane = await open("c", "disk-2");
    expect(await withItems((items) => items.countDocuments())).toBe(0);
    expect(existsSync(join(place, "c", "whole-disk-1"))).toBe(false);
  }
});
