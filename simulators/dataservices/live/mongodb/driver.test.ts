import { Decimal128, type Document, Long, type Db, type MongoClient, MongoServerError, ObjectId } from "mongodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Rig } from "./testing/rig.ts";

let rig: Rig;
let client: MongoClient;
let db: Db;

beforeAll(async () => {
  rig = await Rig.open();
  client = await rig.connect();
  db = client.db("app");
});
beforeEach(() => db.dropDatabase());
afterAll(async () => {
  expect(rig.defects).toEqual([]);
  await rig.close();
});

interface Item extends Document {
  _id: number;
}

const items = (name = "items") => db.collection<Item>(name);

/** The code with which a command is refused. */
async function refusal(work: Promise<unknown>): Promise<number | string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof MongoServerError) return error.code;
    throw error;
  }
}

describe("the server", () => {
  test("identifies itself, and not as MongoDB", async () => {
    const info = await db.admin().buildInfo();
    const status = await db.admin().serverStatus();
    const hello = await db.admin().command({ hello: 1 });
    for (const said of [info.engine, status.process, hello.engine])
      expect(said).toBe("Drydock embedded document engine");
    expect(hello.maxWireVersion).toBe(21);
    expect(hello.setName).toBe("rs0");
  });

  test("refuses an unknown command with CommandNotFound, an unknown field with its name", async () => {
    expect(await refusal(db.command({ doSomething: 1 }))).toBe(59);
    expect(await refusal(db.command({ count: "items", nonsense: 1 }))).toBe(40415);
    expect(await refusal(db.command({ find: "items", filter: "text" }))).toBe(14);
  });

  test("answers ping, connectionStatus and getParameter", async () => {
    expect((await db.command({ ping: 1 })).ok).toBe(1);
    expect((await db.command({ connectionStatus: 1 })).authInfo.authenticatedUsers).toEqual([]);
    expect(
      (await db.admin().command({ getParameter: 1, featureCompatibilityVersion: 1 })).featureCompatibilityVersion
        .version,
    ).toBe("7.0");
  });
});

describe("documents", () => {
  test("are inserted and found", async () => {
    const one = await db.collection("free").insertOne({ name: "a" });
    expect(one.insertedId).toBeInstanceOf(ObjectId);
    const many = await items().insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    expect(many.insertedCount).toBe(2);
    expect(
      await items()
        .find({ n: { $gt: 1 } })
        .toArray(),
    ).toEqual([{ _id: 2, n: 2 }]);
  });

  test("with a used _id are refused with E11000, and an unordered batch continues after them", async () => {
    await items().insertOne({ _id: 1 });
    await expect(items().insertOne({ _id: 1 })).rejects.toMatchObject({
      code: 11000,
      message: expect.stringContaining(
        "E11000 duplicate key error collection: app.items index: _id_ dup key: { _id: 1 }",
      ),
    });
    await expect(items().insertMany([{ _id: 1 }, { _id: 2 }], { ordered: false })).rejects.toMatchObject({
      code: 11000,
    });
    await expect(items().insertMany([{ _id: 1 }, { _id: 3 }])).rejects.toMatchObject({ code: 11000 });
    expect(await items().distinct("_id")).toEqual([1, 2]);
  });

  test("keep every type", async () => {
    const document = {
      _id: 1,
      l: Long.fromString("9007199254740993"),
      d: Decimal128.fromString("1.10"),
      t: new Date(5),
      o: new ObjectId(),
      n: null,
      f: 1.5,
      a: [1, [2]],
      s: { x: true },
    };
    await items().insertOne(document);
    expect(await items().findOne({}, { promoteLongs: false })).toEqual(document);
    expect(await items().findOne({ d: Decimal128.fromString("1.1") })).toMatchObject({ _id: 1 });
    expect(await items().countDocuments({ l: { $type: "long" } })).toBe(1);
  });

  test("are sorted, skipped, limited and projected", async () => {
    await items().insertMany([3, 1, 2].map((n) => ({ _id: n, n, s: { a: n, b: -n } })));
    expect(await items().find().sort({ n: -1 }).skip(1).limit(1).project({ _id: 0, "s.a": 1 }).toArray()).toEqual([
      { s: { a: 2 } },
    ]);
    expect(
      await items()
        .find({}, { projection: { s: 0 } })
        .sort({ n: 1 })
        .toArray(),
    ).toEqual([1, 2, 3].map((n) => ({ _id: n, n })));
    expect(await items().findOne({ n: 3 }, { projection: { double: { $multiply: ["$n", 2] } } })).toEqual({
      _id: 3,
      double: 6,
    });
  });

  test("are counted, and their values listed", async () => {
    await items().insertMany([1, 2, 3, 4].map((n) => ({ _id: n, tags: ["x", n % 2 === 0 ? "even" : "odd"] })));
    expect(await items().estimatedDocumentCount()).toBe(4);
    expect(await items().countDocuments({ tags: "even" })).toBe(2);
    expect((await items().distinct("tags")).map(String).sort()).toEqual(["even", "odd", "x"]);
  });

  test("are found by regular expressions, elements, types and logic", async () => {
    await items().insertMany([
      {
        _id: 1,
        name: "Alice",
        scores: [
          { s: 5, k: "a" },
          { s: 9, k: "b" },
        ],
      },
      { _id: 2, name: "bob", scores: [{ s: 9, k: "a" }] },
      { _id: 3, name: null },
    ]);
    const ids = async (filter: object): Promise<unknown[]> =>
      items()
        .find(filter)
        .map(({ _id }) => _id)
        .toArray();
    expect(await ids({ name: /^ali/i })).toEqual([1]);
    expect(await ids({ scores: { $elemMatch: { s: 9, k: "a" } } })).toEqual([2]);
    expect(await ids({ name: null })).toEqual([3]);
    expect(await ids({ scores: { $exists: false } })).toEqual([3]);
    expect(await ids({ $or: [{ name: "bob" }, { "scores.s": 5 }] })).toEqual([1, 2]);
    expect(await ids({ name: { $not: /b/ } })).toEqual([1, 3]);
    expect(await ids({ scores: { $size: 2 } })).toEqual([1]);
    expect(await ids({ $expr: { $gt: [{ $size: { $ifNull: ["$scores", []] } }, 1] } })).toEqual([1]);
    expect(await ids({ name: { $in: ["bob", /^A/] } })).toEqual([1, 2]);
  });

  test("are replaced and deleted", async () => {
    await items().insertMany([
      { _id: 1, a: 1 },
      { _id: 2, a: 1 },
    ]);
    expect(await items().replaceOne({ _id: 1 }, { b: 2 })).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
    expect(await items().findOne({ _id: 1 })).toEqual({ _id: 1, b: 2 });
    expect((await items().deleteOne({ _id: 1 })).deletedCount).toBe(1);
    expect((await items().deleteMany({})).deletedCount).toBe(1);
  });

  test("are written in bulk", async () => {
    const result = await items().bulkWrite([
      { insertOne: { document: { _id: 1, n: 1 } } },
      { updateOne: { filter: { _id: 1 }, update: { $inc: { n: 1 } } } },
      { updateOne: { filter: { _id: 2 }, update: { $set: { n: 9 } }, upsert: true } },
      { replaceOne: { filter: { _id: 2 }, replacement: { n: 10 } } },
      { deleteOne: { filter: { _id: 1 } } },
    ]);
    expect(result).toMatchObject({ insertedCount: 1, modifiedCount: 2, upsertedCount: 1, deletedCount: 1 });
    expect(await items().find().toArray()).toEqual([{ _id: 2, n: 10 }]);
  });
});

describe("updates", () => {
  const after = async (document: Item, update: object, filter: object = {}, options: object = {}): Promise<unknown> => {
    await items().deleteMany({});
    await items().insertOne(document);
    await items().updateOne(filter, update, options);
    return items().findOne({}, { projection: { _id: 0 } });
  };

  test("set, unset, increment, multiply, rename, compare", async () => {
    expect(await after({ _id: 1, a: 1, b: 2 }, { $set: { "c.d": 3 }, $unset: { b: "" }, $inc: { a: 2 } })).toEqual({
      a: 3,
      c: { d: 3 },
    });
    expect(await after({ _id: 1, a: 4 }, { $mul: { a: 2 }, $rename: { x: "y" } })).toEqual({ a: 8 });
    expect(await after({ _id: 1, a: 4 }, { $rename: { a: "b" }, $min: { m: 1 }, $max: { n: 2 } })).toEqual({
      b: 4,
      m: 1,
      n: 2,
    });
    expect(await after({ _id: 1 }, { $currentDate: { at: true } })).toEqual({ at: expect.any(Date) });
    expect(await after({ _id: 1, a: 12 }, { $bit: { a: { and: 10 } } })).toEqual({ a: 8 });
  });

  test("push with $each, $position, $sort and $slice", async () => {
    expect(await after({ _id: 1, a: [1, 2] }, { $push: { a: { $each: [9, 8], $position: 0, $slice: 3 } } })).toEqual({
      a: [9, 8, 1],
    });
    expect(
      await after(
        { _id: 1, a: [{ n: 3 }, { n: 1 }] },
        { $push: { a: { $each: [{ n: 2 }], $sort: { n: 1 }, $slice: -2 } } },
      ),
    ).toEqual({ a: [{ n: 2 }, { n: 3 }] });
    expect(await after({ _id: 1 }, { $push: { a: 1 } })).toEqual({ a: [1] });
  });

  test("add to sets, pop and pull", async () => {
    expect(await after({ _id: 1, a: [1, 2] }, { $addToSet: { a: { $each: [2, 3] } } })).toEqual({ a: [1, 2, 3] });
    expect(await after({ _id: 1, a: [1, 2, 3] }, { $pop: { a: -1 } })).toEqual({ a: [2, 3] });
    expect(await after({ _id: 1, a: [1, 2, 3] }, { $pull: { a: { $gte: 2 } } })).toEqual({ a: [1] });
    expect(await after({ _id: 1, a: [{ x: 1 }, { x: 2 }] }, { $pull: { a: { x: 1 } } })).toEqual({ a: [{ x: 2 }] });
    expect(await after({ _id: 1, a: [1, 2, 1] }, { $pullAll: { a: [1] } })).toEqual({ a: [2] });
  });

  test("reach elements by $, $[] and array filters", async () => {
    expect(await after({ _id: 1, a: [1, 5, 9] }, { $set: { "a.$": 0 } }, { a: { $gt: 4 } })).toEqual({ a: [1, 0, 9] });
    expect(await after({ _id: 1, a: [{ n: 1 }, { n: 2 }] }, { $inc: { "a.$[].n": 10 } })).toEqual({
      a: [{ n: 11 }, { n: 12 }],
    });
    expect(
      await after(
        { _id: 1, a: [{ n: 1 }, { n: 5 }] },
        { $set: { "a.$[big].n": 0 } },
        {},
        { arrayFilters: [{ "big.n": { $gt: 3 } }] },
      ),
    ).toEqual({ a: [{ n: 1 }, { n: 0 }] });
    expect(
      await after(
        {
          _id: 1,
          a: [
            { k: "x", v: 1 },
            { k: "y", v: 1 },
          ],
        },
        { $set: { "a.$.v": 2 } },
        { a: { $elemMatch: { k: "y" } } },
      ),
    ).toEqual({
      a: [
        { k: "x", v: 1 },
        { k: "y", v: 2 },
      ],
    });
  });

  test("by a pipeline can read the document", async () => {
    expect(await after({ _id: 1, a: 2, b: 3 }, [{ $set: { sum: { $add: ["$a", "$b"] } } }, { $unset: "a" }])).toEqual({
      b: 3,
      sum: 5,
    });
  });

  test("insert missing documents with upsert", async () => {
    const made = await items().updateOne(
      { _id: 7, k: "x" },
      { $set: { n: 1 }, $setOnInsert: { born: true } },
      { upsert: true },
    );
    expect(made.upsertedId).toBe(7);
    expect(await items().findOne({})).toEqual({ _id: 7, k: "x", born: true, n: 1 });
  });

  test("are refused with the server's codes", async () => {
    await items().insertOne({ _id: 1, s: "x", a: [1] });
    expect(await refusal(items().updateOne({}, { $inc: { s: 1 } }))).toBe(14);
    expect(await refusal(items().updateOne({}, { $set: { _id: 2 } }))).toBe(66);
    expect(await refusal(items().updateOne({}, { $set: { x: 1 }, $inc: { x: 1 } }))).toBe(40);
    expect(await refusal(items().updateOne({}, { $set: { "s.x": 1 } }))).toBe(28);
    expect(await refusal(items().updateOne({}, { $nonsense: { s: 1 } }))).toBe(9);
    const wrong: Document = { $push: { s: 1 } };
    expect(await refusal(items().updateOne({}, wrong))).toBe(2);
  });
});

describe("findAndModify", () => {
  test("gives the document before or after, or removes it", async () => {
    await items().insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    expect(await items().findOneAndUpdate({}, { $inc: { n: 10 } }, { sort: { n: -1 } })).toEqual({ _id: 2, n: 2 });
    expect(
      await items().findOneAndUpdate(
        { _id: 1 },
        { $inc: { n: 1 } },
        { returnDocument: "after", projection: { _id: 0 } },
      ),
    ).toEqual({ n: 2 });
    expect(await items().findOneAndReplace({ _id: 9 }, { n: 9 }, { upsert: true, returnDocument: "after" })).toEqual({
      _id: 9,
      n: 9,
    });
    expect(await items().findOneAndDelete({ _id: 9 })).toEqual({ _id: 9, n: 9 });
    expect(await items().findOneAndDelete({ _id: 9 })).toBeNull();
  });
});

describe("indexes", () => {
  test("are created, listed and dropped", async () => {
    expect(await items().createIndex({ a: 1, b: -1 }, { name: "ab" })).toBe("ab");
    expect(await items().indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: "_id_" },
      { v: 2, key: { a: 1, b: -1 }, name: "ab" },
    ]);
    await items().dropIndex("ab");
    expect(await items().indexExists("ab")).toBe(false);
    expect(await refusal(items().dropIndex("ab"))).toBe(27);
    expect(await refusal(db.collection("none").listIndexes().toArray())).toBe(26);
  });

  test("keep keys unique; sparse and partial ones among the documents that they cover", async () => {
    await items().createIndex({ mail: 1 }, { unique: true, sparse: true });
    await items().createIndex({ n: 1 }, { unique: true, partialFilterExpression: { active: true } });
    await items().insertMany([
      { _id: 1, mail: "a" },
      { _id: 2 },
      { _id: 3 },
      { _id: 4, n: 1, active: true },
      { _id: 5, n: 1 },
    ]);
    await expect(items().insertOne({ _id: 6, mail: "a" })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { mail: 1 },
      keyValue: { mail: "a" },
    });
    expect(await refusal(items().updateOne({ _id: 5 }, { $set: { active: true } }))).toBe(11000);
    expect(await refusal(items().updateOne({ _id: 2 }, { $set: { mail: "a" } }))).toBe(11000);
    await items().deleteOne({ _id: 1 });
    await items().updateOne({ _id: 2 }, { $set: { mail: "a" } });
    expect(await refusal(items().createIndex({ n: 1 }, { unique: true, name: "all" }))).toBe(11000);
    expect(
      await refusal(
        items("two")
          .insertMany([
            { _id: 1, x: 1 },
            { _id: 2, x: 1 },
          ])
          .then(() => items("two").createIndex({ x: 1 }, { unique: true })),
      ),
    ).toBe(11000);
  });

  test("with a collation treat different cases as equal", async () => {
    await items().createIndex({ name: 1 }, { unique: true, collation: { locale: "en", strength: 2 } });
    await items().insertOne({ _id: 1, name: "Alice" });
    expect(await refusal(items().insertOne({ _id: 2, name: "alice" }))).toBe(11000);
    expect(await items().countDocuments({ name: "ALICE" }, { collation: { locale: "en", strength: 2 } })).toBe(1);
    expect(await items().countDocuments({ name: "ALICE" })).toBe(0);
  });
});

describe("cursors", () => {
  test("return three thousand documents in batches", async () => {
    await items().insertMany(Array.from({ length: 3000 }, (_none, n) => ({ _id: n })));
    const cursor = items().find().batchSize(100);
    let count = 0;
    for await (const { _id } of cursor) expect(_id).toBe(count++);
    expect(count).toBe(3000);
    expect(rig.server.cursors.size).toBe(0);
  });

  test("are closed by killCursors, and unknown afterwards", async () => {
    await items().insertMany([1, 2, 3].map((_id) => ({ _id })));
    const { cursor } = await db.command({ find: "items", batchSize: 1 });
    const killed = await db.command({ killCursors: "items", cursors: [cursor.id] });
    expect(killed.cursorsKilled).toHaveLength(1);
    expect(await refusal(db.command({ getMore: cursor.id, collection: "items" }))).toBe(43);
  });

  test("that tail a collection are refused, as it is not capped", async () => {
    await items().insertOne({ _id: 1 });
    expect(await refusal(items().find({}, { tailable: true }).toArray())).toBe(2);
  });
});

describe("aggregation", () => {
  beforeEach(async () => {
    await items("orders").insertMany([
      { _id: 1, who: "a", price: 10, lines: [{ sku: "x" }, { sku: "y" }] },
      { _id: 2, who: "a", price: 20, lines: [{ sku: "x" }] },
      { _id: 3, who: "b", price: 5, lines: [] },
    ]);
    await db.collection<{ _id: string; name: string }>("people").insertMany([
      { _id: "a", name: "Ann" },
      { _id: "b", name: "Bob" },
    ]);
  });
  const run = (pipeline: object[]): Promise<unknown[]> => items("orders").aggregate(pipeline).toArray();

  test("groups with sums, means, lists and counts", async () => {
    expect(
      await run([
        {
          $group: {
            _id: "$who",
            mean: { $avg: "$price" },
            total: { $sum: "$price" },
            n: { $sum: 1 },
            all: { $push: "$_id" },
            first: { $first: "$price" },
          },
        },
        { $sort: { _id: 1 } },
      ]),
    ).toEqual([
      { _id: "a", mean: 15, total: 30, n: 2, all: [1, 2], first: 10 },
      { _id: "b", mean: 5, total: 5, n: 1, all: [3], first: 5 },
    ]);
    expect(await run([{ $sortByCount: "$who" }])).toEqual([
      { _id: "a", count: 2 },
      { _id: "b", count: 1 },
    ]);
    expect(await run([{ $bucket: { groupBy: "$price", boundaries: [0, 10, 100] } }])).toEqual([
      { _id: 0, count: 1 },
      { _id: 10, count: 2 },
    ]);
    expect(await run([{ $match: { price: { $gt: 5 } } }, { $count: "n" }])).toEqual([{ n: 2 }]);
  });

  test("joins by fields and by pipelines, and walks graphs", async () => {
    expect(
      await run([
        { $lookup: { from: "people", localField: "who", foreignField: "_id", as: "p" } },
        { $unwind: "$p" },
        { $project: { _id: 0, n: "$p.name" } },
      ]),
    ).toEqual([{ n: "Ann" }, { n: "Ann" }, { n: "Bob" }]);
    expect(
      await run([
        { $match: { _id: 1 } },
        {
          $lookup: {
            from: "people",
            let: { w: "$who" },
            pipeline: [{ $match: { $expr: { $eq: ["$_id", "$$w"] } } }],
            as: "p",
          },
        },
        { $project: { p: 1 } },
      ]),
    ).toEqual([{ _id: 1, p: [{ _id: "a", name: "Ann" }] }]);
    await items("tree").insertMany([
      { _id: 1, up: null },
      { _id: 2, up: 1 },
      { _id: 3, up: 2 },
    ]);
    const [found] = await items("tree")
      .aggregate<{ ups: { _id: number }[] }>([
        { $match: { _id: 3 } },
        { $graphLookup: { from: "tree", startWith: "$up", connectFromField: "up", connectToField: "_id", as: "ups" } },
      ])
      .toArray();
    expect(found?.ups.map(({ _id }) => _id).sort((a, b) => a - b)).toEqual([1, 2]);
  });

  test("unwinds, facets and unites", async () => {
    expect(
      await run([
        { $unwind: { path: "$lines", includeArrayIndex: "at", preserveNullAndEmptyArrays: true } },
        { $count: "n" },
      ]),
    ).toEqual([{ n: 4 }]);
    expect(
      await run([{ $facet: { dear: [{ $match: { price: { $gte: 10 } } }, { $count: "n" }], all: [{ $count: "n" }] } }]),
    ).toEqual([{ dear: [{ n: 2 }], all: [{ n: 3 }] }]);
    expect(await run([{ $unionWith: "people" }, { $count: "n" }])).toEqual([{ n: 5 }]);
  });

  test("writes with $out and $merge", async () => {
    await run([{ $match: { who: "a" } }, { $out: "copy" }]);
    expect(await items("copy").countDocuments()).toBe(2);
    await run([
      { $project: { price: { $multiply: ["$price", 2] } } },
      { $merge: { into: "copy", whenMatched: "merge", whenNotMatched: "insert" } },
    ]);
    expect(await items("copy").find().sort({ _id: 1 }).project({ lines: 0 }).toArray()).toEqual([
      { _id: 1, who: "a", price: 20 },
      { _id: 2, who: "a", price: 40 },
      { _id: 3, price: 10 },
    ]);
  });

  test("computes with expressions of all kinds", async () => {
    expect(
      await run([
        { $match: { _id: 1 } },
        {
          $project: {
            _id: 0,
            text: { $concat: [{ $toUpper: "$who" }, "-", { $toString: "$price" }] },
            when: { $dateToString: { date: new Date(0), format: "%Y-%m-%d" } },
            skus: { $map: { input: "$lines", as: "l", in: "$$l.sku" } },
            kept: { $filter: { input: "$lines", cond: { $eq: ["$$this.sku", "x"] } } },
            class: {
              $switch: JSON.parse('{"branches":[{"case":{"$gt":["$price",15]},"then":"dear"}],"default":"cheap"}'),
            },
            sum: { $reduce: { input: [1, 2, 3], initialValue: 0, in: { $add: ["$$value", "$$this"] } } },
            round: { $round: [2.567, 1] },
            found: { $regexMatch: { input: "abc", regex: "^a" } },
            type: { $type: "$price" },
          },
        },
      ]),
    ).toEqual([
      {
        text: "A-10",
        when: "1970-01-01",
        skus: ["x", "y"],
        kept: [{ sku: "x" }],
        class: "cheap",
        sum: 6,
        round: 2.6,
        found: true,
        type: "int",
      },
    ]);
  });

  test("gets windows from the library, and refuses unknown stages", async () => {
    expect(
      await run([
        {
          $setWindowFields: {
            sortBy: { _id: 1 },
            output: { running: { $sum: "$price", window: { documents: ["unbounded", "current"] } } },
          },
        },
        { $project: { running: 1 } },
      ]),
    ).toEqual([
      { _id: 1, running: 10 },
      { _id: 2, running: 30 },
      { _id: 3, running: 35 },
    ]);
    expect(await refusal(run([{ $nonsense: 1 }]))).toBe(40324);
    expect(await refusal(run([{ $project: { x: { $nonsense: 1 } } }]))).toBe(168);
    expect(await refusal(run([{ $geoNear: {} }]))).toBe(238);
  });
});

describe("collections and databases", () => {
  test("are created, listed, renamed and dropped", async () => {
    await db.createCollection("one");
    expect(await refusal(db.createCollection("one", { validator: { a: 1 } }))).toBe(48);
    await items("two").insertOne({ _id: 1 });
    expect((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort()).toEqual([
      "one",
      "two",
    ]);
    await items("two").rename("three");
    expect(await items("three").countDocuments()).toBe(1);
    expect(await refusal(items("three").rename("one"))).toBe(48);
    await items("three").rename("one", { dropTarget: true });
    expect((await client.db().admin().listDatabases()).databases.map(({ name }) => name)).toContain("app");
    expect(await db.dropCollection("one")).toBe(true);
    expect(await refusal(db.createCollection("a$b"))).toBe(73);
  });

  test("are measured", async () => {
    await items().insertMany([{ _id: 1 }, { _id: 2 }]);
    expect(await db.stats()).toMatchObject({ db: "app", collections: 1, objects: 2, indexes: 1 });
    expect(await db.command({ collStats: "items" })).toMatchObject({ ns: "app.items", count: 2, nindexes: 1 });
  });

  test("with a validator refuse documents that do not match", async () => {
    await db.createCollection("checked", {
      validator: { $jsonSchema: { required: ["n"], properties: { n: { bsonType: "int", minimum: 1 } } } },
    });
    await items("checked").insertOne({ _id: 1, n: 1 });
    for (const n of [0, "x", 1.5]) expect(await refusal(items("checked").insertOne({ _id: 2, n }))).toBe(121);
    expect(await refusal(items("checked").updateOne({}, { $set: { n: 0 } }))).toBe(121);
    await items("checked").insertOne({ _id: 2 }, { bypassDocumentValidation: true });
  });

  test("may be views", async () => {
    await items().insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 5 },
    ]);
    await db.createCollection("big", { viewOn: "items", pipeline: [{ $match: { n: { $gt: 2 } } }] });
    expect(await items("big").find().toArray()).toEqual([{ _id: 2, n: 5 }]);
    expect(await refusal(items("big").insertOne({ _id: 3 }))).toBe(166);
  });

  test("that are capped or hold time series are not simulated", async () => {
    expect(await refusal(db.createCollection("c", { capped: true, size: 1000 }))).toBe(238);
    expect(await refusal(db.createCollection("t", { timeseries: { timeField: "t" } }))).toBe(238);
  });
});

describe("transactions", () => {
  test("are seen by nobody until they are committed, and undone when aborted", async () => {
    await items().insertOne({ _id: 1, n: 0 });
    const session = client.startSession();
    session.startTransaction();
    await items().insertOne({ _id: 2 }, { session });
    await items().updateOne({ _id: 1 }, { $set: { n: 1 } }, { session });
    expect(await items().countDocuments({}, { session })).toBe(2);
    expect(await items().find().toArray()).toEqual([{ _id: 1, n: 0 }]);
    await session.commitTransaction();
    expect(await items().find().toArray()).toEqual([{ _id: 1, n: 1 }, { _id: 2 }]);
    session.startTransaction();
    await items().deleteMany({}, { session });
    await session.abortTransaction();
    expect(await items().countDocuments()).toBe(2);
    await session.endSession();
  });

  test("see the data as of their beginning", async () => {
    await items().insertOne({ _id: 1, n: 0 });
    const session = client.startSession();
    session.startTransaction();
    expect(await items().findOne({ _id: 1 }, { session })).toEqual({ _id: 1, n: 0 });
    await items().updateOne({ _id: 1 }, { $set: { n: 5 } });
    await items().insertOne({ _id: 2 });
    expect(await items().find({}, { session }).toArray()).toEqual([{ _id: 1, n: 0 }]);
    await session.abortTransaction();
    await session.endSession();
  });

  test("conflict if both write: WriteConflict, labelled as transient", async () => {
    await items().insertOne({ _id: 1, n: 0 });
    const [a, b] = [client.startSession(), client.startSession()];
    a.startTransaction();
    b.startTransaction();
    await items().updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: a });
    const failed = await items()
      .updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: b })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 112 });
    expect(failed instanceof MongoServerError && failed.hasErrorLabel("TransientTransactionError")).toBe(true);
    await a.commitTransaction();
    expect(await items().findOne({})).toEqual({ _id: 1, n: 1 });
    await Promise.all([a.endSession(), b.endSession()]);
  });

  test("make a single write wait", async () => {
    await items().insertOne({ _id: 1, n: 0 });
    const session = client.startSession();
    session.startTransaction();
    await items().updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
    const waiting = items().updateOne({ _id: 1 }, { $inc: { n: 10 } });
    await session.commitTransaction();
    await waiting;
    expect(await items().findOne({})).toEqual({ _id: 1, n: 11 });
    await session.endSession();
  });

  test("end when one of their commands fails", async () => {
    await items().insertOne({ _id: 1 });
    const session = client.startSession();
    session.startTransaction();
    await items().insertOne({ _id: 2 }, { session });
    expect(await refusal(items().insertOne({ _id: 1 }, { session }))).toBe(11000);
    expect(await refusal(items().insertOne({ _id: 3 }, { session }))).toBe(251);
    await session.abortTransaction();
    await session.endSession();
    expect(await items().countDocuments()).toBe(1);
  });

  test("run by the driver's helper apply each increment once", async () => {
    await items().insertOne({ _id: 1, n: 0 });
    await Promise.all(
      Array.from({ length: 8 }, () =>
        client.withSession((session) =>
          session.withTransaction(() => items().updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session })),
        ),
      ),
    );
    expect(await items().findOne({})).toEqual({ _id: 1, n: 8 });
  });

  test("retryable writes take effect once", async () => {
    await items().insertOne({ _id: 1, n: 0 });
    // A raw client: the driver numbers its transactions itself.
    const other = await rig.connect();
    const session = other.startSession();
    const again = {
      update: "items",
      updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }],
      txnNumber: Long.fromNumber(1000),
    };
    const [first, second] = [
      await other.db("app").command(again, { session }),
      await other.db("app").command(again, { session }),
    ];
    expect([first.nModified, second.nModified]).toEqual([1, 1]);
    expect(second.retriedStmtIds).toEqual([0]);
    expect(await items().findOne({})).toEqual({ _id: 1, n: 1 });
    expect(await refusal(other.db("app").command({ ...again, txnNumber: Long.fromNumber(999) }, { session }))).toBe(
      225,
    );
    await session.endSession();
  });
});

describe("change streams", () => {
  test("report inserts, updates, replacements and deletions, and can be resumed", async () => {
    await items().insertOne({ _id: 0 });
    const stream = items().watch([], { fullDocument: "updateLookup" });
    // The stream begins with its first request.
    expect(await stream.tryNext()).toBeNull();
    await items().insertOne({ _id: 1, a: 1 });
    await items().updateOne({ _id: 1 }, { $set: { a: 2 } });
    await items().replaceOne({ _id: 1 }, { b: 1 });
    await items().deleteOne({ _id: 1 });
    const first = await stream.next();
    expect(first).toMatchObject({
      operationType: "insert",
      fullDocument: { _id: 1, a: 1 },
      documentKey: { _id: 1 },
      ns: { db: "app", coll: "items" },
    });
    expect(await stream.next()).toMatchObject({
      operationType: "update",
      updateDescription: { updatedFields: { a: 2 }, removedFields: [] },
    });
    await stream.close();
    const resumed = items().watch([{ $project: { operationType: 1 } }], { resumeAfter: first._id });
    expect(
      [await resumed.next(), await resumed.next(), await resumed.next()].map(({ operationType }) => operationType),
    ).toEqual(["update", "replace", "delete"]);
    await resumed.close();
  });
});
