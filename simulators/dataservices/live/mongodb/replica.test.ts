import { type Document, type MongoClient, ReadPreference } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ReplicaMember } from "./replica.ts";
import { Rig } from "./testing/rig.ts";
import { NODES, Trio } from "./testing/trio.ts";

const PATIENCE_MS = 60_000;

interface Item extends Document {
  _id: number;
}

test("a write that no voter has is not acknowledged, unless the client asked not to wait", async () => {
  const rig = await Rig.open();
  try {
    new ReplicaMember(rig.server, { index: 0, primary: undefined, voters: [1] }, "data-0", new Map());
    const client = await rig.connect();
    const items = client.db("app").collection<Item>("items");
    await items.insertOne({ _id: 1 }, { writeConcern: { w: 1 } });
    await expect(
      items.insertOne({ _id: 2 }, { writeConcern: { w: "majority", wtimeoutMS: 50 } }),
    ).rejects.toMatchObject({ code: 64 });
  } finally {
    await rig.close();
  }
});

describe("three nodes", { timeout: PATIENCE_MS }, () => {
  let trio: Trio;
  let client: MongoClient;
  const items = (of = client) => of.db().collection<Item>("items");

  beforeAll(async () => {
    trio = await Trio.open();
    client = await trio.connect();
  }, PATIENCE_MS);
  afterAll(async () => {
    await client.close();
    await trio.rig.close();
    expect(trio.rig.troubles).toEqual([]);
  }, PATIENCE_MS);

  test("are one replica set to the driver, and the others have what one of them acknowledged", async () => {
    const hello = await client.db().command({ hello: 1 });
    expect(hello.hosts).toEqual(NODES.map((address) => `${address}:27017`));
    await items().insertMany([{ _id: 1 }, { _id: 2 }]);
    await items().createIndex({ n: 1 }, { unique: true, sparse: true });
    for (const address of NODES.slice(1)) {
      const secondary = await trio.connect(address, true);
      await trio.until(async () => (await items(secondary).countDocuments()) === 2);
      expect((await secondary.db().command({ hello: 1 })).secondary).toBe(true);
      await expect(items(secondary).insertOne({ _id: 3 })).rejects.toMatchObject({ code: 10107 });
      expect(await items(secondary).indexes()).toHaveLength(2);
      await secondary.close();
    }
    expect(await items().countDocuments({}, { readPreference: ReadPreference.secondary })).toBe(2);
  });

  test("have a new primary when the first one's VM is gone, and lose no acknowledged write", async () => {
    const acknowledged: number[] = [];
    let isOver = false;
    const writing = (async () => {
      for (let _id = 100; !isOver; _id++)
        await items()
          .insertOne({ _id })
          .then(() => acknowledged.push(_id))
          .catch(() => {});
    })();
    await trio.until(async () => acknowledged.length > 20);
    trio.deleteVm(0);
    await trio.until(async () => trio.primary !== undefined && trio.primary !== NODES[0]);
    const before = acknowledged.length;
    await trio.until(async () => acknowledged.length > before + 20);
    isOver = true;
    await writing;
    const there = new Set((await items().find().toArray()).map(({ _id }) => _id));
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    expect(trio.gapsMs()).toHaveLength(1);
  });

  test("take the first back as a replica that has everything", async () => {
    await trio.boot(0);
    await trio.whole();
    const back = await trio.connect(NODES[0], true);
    const count = await items().countDocuments();
    await trio.until(async () => (await items(back).countDocuments()) === count);
    await expect(items(back).insertOne({ _id: 5 })).rejects.toMatchObject({ code: 10107 });
    await back.close();
  });

  test("wait for another member if the client asks for it, and say so if there are too few", async () => {
    await items().insertOne({ _id: 10 }, { writeConcern: { w: 3 } });
    await expect(items().insertOne({ _id: 11 }, { writeConcern: { w: 4 } })).rejects.toMatchObject({ code: 100 });
  });

  test("all have the data of a restored dump", async () => {
    const primary = trio.primary ?? "";
    const dumped = await trio.rig.ask("POST", "/v1/dumps", undefined, primary);
    const dump = new Uint8Array(await dumped.arrayBuffer());
    const before = await items().countDocuments();
    await items().insertOne({ _id: 1000 });
    expect((await trio.rig.ask("POST", "/v1/restores", dump, primary)).status).toBe(200);
    await trio.whole();
    for (const address of NODES) {
      const one = await trio.connect(address, true);
      await trio.until(async () => (await items(one).countDocuments()) === before);
      await one.close();
    }
  });

  test("learn of a user that is created or removed at the primary", async () => {
    const primary = trio.primary ?? "";
    await trio.rig.ask("PUT", "/v1/credentials/later", JSON.stringify({ password: "p" }), primary);
    const logIn = (address: string) => trio.rig.connect("later", "p", address).then((other) => other.close());
    for (const address of NODES) await trio.until(() => logIn(address).then(() => true));
    await trio.rig.ask("DELETE", "/v1/credentials/later", undefined, primary);
    for (const address of NODES)
      await trio.until(() =>
        logIn(address).then(
          () => false,
          () => true,
        ),
      );
  });
});
