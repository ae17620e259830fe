import { type Document, MongoClient, MongoServerError } from "mongodb";
import { afterEach, describe, expect, test } from "vitest";
import { readAll, sealStream, streamOf } from "../../wire/dump-stream.ts";
import { AGENT } from "../../testing.ts";
import { DATABASE, PASSWORD, USER } from "../testing/rig.ts";
import { MongoRig } from "./testing/live-rig.ts";

let rig: MongoRig;
afterEach(() => rig.close());

interface Item extends Document {
  _id: number;
}

describe("a MongoDB instance", () => {
  test("admits the users of its agent to their database, and to nothing else", async () => {
    rig = await MongoRig.open();
    const client = await rig.connect();
    const items = client.db().collection<Item>("items");
    await items.insertOne({ _id: 1 });
    expect(client.db().databaseName).toBe(DATABASE);
    await expect(client.db("admin").collection("system.users").find().toArray()).rejects.toMatchObject({ code: 13 });
    await expect(client.db("other").collection("x").insertOne({})).rejects.toMatchObject({ code: 13 });
    await expect(client.db().command({ createUser: "me", pwd: "x", roles: [] })).rejects.toMatchObject({ code: 13 });
    await expect(items.aggregate([{ $out: { db: "other", coll: "x" } }]).toArray()).rejects.toMatchObject({ code: 13 });
    expect((await client.db().admin().listDatabases()).databases.map(({ name }) => name)).toEqual([DATABASE]);
    await client.close();
    await expect(rig.connect(USER, "wrong")).rejects.toMatchObject({ code: 18 });
    await expect(rig.connect("nobody")).rejects.toMatchObject({ code: 18 });
  });

  test("needs a login even before there is a first user", async () => {
    rig = await MongoRig.open();
    await rig.ask("DELETE", `/v1/credentials/${USER}`);
    await expect(rig.connect()).rejects.toMatchObject({ code: 18 });
  });

  test("ends the connections of a user that is removed, and leaves the others", async () => {
    rig = await MongoRig.open();
    await rig.ask("PUT", "/v1/credentials/u2", JSON.stringify({ password: "p2" }));
    const [gone, stays] = [await rig.connect(), await rig.connect("u2", "p2")];
    await gone.db().collection("x").insertOne({});
    await stays.db().collection("x").insertOne({});
    await rig.ask("DELETE", `/v1/credentials/${USER}`);
    await expect(gone.db().collection("x").insertOne({})).rejects.toThrow(/closed|Authentication|authentication/);
    expect(await stays.db().collection("x").countDocuments()).toBe(2);
    await Promise.all([gone.close(), stays.close()]);
  });

  test("keeps its data on its disk: a VM that is recreated has it", async () => {
    rig = await MongoRig.open();
    const before = await rig.connect();
    await before
      .db()
      .collection<Item>("items")
      .insertMany([{ _id: 1, n: 1 }, { _id: 2 }]);
    await before.db().collection("items").createIndex({ n: 1 }, { unique: true, sparse: true });
    await before.close();
    rig.services.stop(rig.address, "mongodb");
    await rig.plane.settle();
    await rig.boot("mongodb", rig.address, 0);
    const after = await rig.connect();
    expect(await after.db().collection("items").find().toArray()).toEqual([{ _id: 1, n: 1 }, { _id: 2 }]);
    await expect(after.db().collection<Item>("items").insertOne({ _id: 3, n: 1 })).rejects.toMatchObject({
      code: 11000,
    });
    await after.close();
  });

  test("dumps and restores all data at once, and no users", async () => {
    rig = await MongoRig.open();
    const client = await rig.connect();
    await client
      .db()
      .collection<Item>("items")
      .insertMany(Array.from({ length: 1200 }, (_none, n) => ({ _id: n, text: "x".repeat(n % 50) })));
    await client.db().collection("items").createIndex({ text: 1 });
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error("no dump");
    await client
      .db()
      .collection("items")
      .deleteMany({ text: { $ne: "" } });
    await client.db().collection("later").insertOne({});
    await rig.ask("PUT", "/v1/credentials/late", JSON.stringify({ password: "late" }));
    expect((await rig.restore(dump)).status).toBe(200);
    await client.close();
    const after = await rig.connect("late", "late");
    expect(await after.db().collection("items").countDocuments()).toBe(1200);
    expect((await after.db().listCollections().toArray()).map(({ name }) => name)).toEqual(["items"]);
    expect(await after.db().collection("items").indexes()).toHaveLength(2);
    await after.close();
  });

  test("restores another instance's data into its own database", async () => {
    rig = await MongoRig.open();
    const client = await rig.connect();
    await client.db().collection<Item>("items").insertOne({ _id: 1 });
    await client.close();
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error("no dump");
    rig.services.stop(rig.address, "mongodb");
    const properties = { database: "d2", port: rig.port, agent: AGENT };
    const place = { address: rig.address, deployment: "d2", index: 0, bootstrap: true, disk: "disk-2" };
    rig.services.start({ kind: "mongodb", ...place, properties });
    await rig.plane.settle();
    await rig.ask("PUT", "/v1/credentials/new", JSON.stringify({ password: "new" }));
    expect((await rig.restore(dump)).status).toBe(200);
    const uri = `mongodb://new:new@${rig.address}:${rig.port}/d2`;
    const other = await new MongoClient(uri, { serverSelectionTimeoutMS: 5000 }).connect();
    expect(await other.db().collection("items").countDocuments()).toBe(1);
    await other.close();
  });

  test("refuses a dump that is damaged or foreign, and changes nothing", async () => {
    rig = await MongoRig.open();
    const client = await rig.connect();
    await client.db().collection<Item>("items").insertOne({ _id: 1 });
    const dump = await rig.dump();
    if (!(dump instanceof Uint8Array)) throw new Error("no dump");
    const flipped = Uint8Array.from(dump);
    flipped[flipped.length - 3] = (flipped.at(-3) ?? 0) ^ 1;
    const others = await Promise.all(
      ["redis", "mongodb"].map((engine) => readAll(sealStream(engine, streamOf(Buffer.from("x"))), 1000)),
    );
    for (const each of [flipped, dump.subarray(0, -1), ...others]) expect((await rig.restore(each)).status).toBe(422);
    expect(await client.db().collection("items").countDocuments()).toBe(1);
    await client.close();
  });

  test("keeps to the limits of its plan", async () => {
    rig = await MongoRig.open({ disk_bytes: 200_000, ttl_monitor_sleep_secs: 0.05 });
    const client = await rig.connect();
    const items = client.db().collection<Item>("items");
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 100; n++) await items.insertOne({ _id: n, text: "x".repeat(10_000) });
    };
    await expect(fill()).rejects.toMatchObject({ code: 14031 });
    // Existing data can be read and removed, and then there is room again.
    expect(await items.countDocuments()).toBeGreaterThan(5);
    await items.deleteMany({});
    await items.insertOne({ _id: 1000, text: "x".repeat(10_000), at: new Date(0) });
    await items.createIndex({ at: 1 }, { expireAfterSeconds: 1 });
    await expect.poll(() => items.countDocuments()).toBe(0);
    await client.close();
  });

  test("turns away a connection beyond its limit", async () => {
    rig = await MongoRig.open({ maxIncomingConnections: 3 });
    const client = await rig.connect();
    await client.db().collection("x").insertOne({});
    await expect(
      rig.connect(USER, PASSWORD).then((other) => other.db().command({ ping: 1 })),
    ).rejects.not.toBeInstanceOf(MongoServerError);
    await client.close();
  });
});
