import { MongoClient } from "mongodb";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backupSuite, certify, isolationSuite } from "../../conformance/index.ts";
import { parseAs } from "../clients/answers.ts";
import { bootCloud, type Cloud } from "./cloud.ts";
import { liveDataPlane } from "./data-plane.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

const PATIENCE_MS = 120_000;

const isWhole = process.env.DRYDOCK_TESTS === "whole";

/** The credentials of a binding. */
const Credentials = Type.Object({
  host: Type.String(),
  hosts: Type.Array(Type.String()),
  port: Type.Integer(),
  default_database: Type.String(),
  username: Type.String(),
  password: Type.String(),
  uri: Type.String(),
});
type Credentials = Type.Static<typeof Credentials>;
const Backups = Type.Array(Type.Object({ id: Type.String() }));

interface Item {
  readonly _id: number;
  readonly n?: number;
}

describe("MongoDB as a tenant orders it", { timeout: PATIENCE_MS }, () => {
  let cloud: Cloud;
  let customer: PersistentCustomer;
  let credentials: Credentials;
  let client: MongoClient;

  const bind = async (instance: string, binding: string): Promise<Credentials> => {
    const path = `/v2/service_instances/${instance}/service_bindings/${binding}`;
    await customer.ask("PUT", path, { bind_resource: { app_guid: "app" } });
    return parseAs(Credentials, (await customer.askUntilAnswered("GET", path)).body.credentials, `GET ${path}`);
  };
  /**
   * The official driver on the address of applications, which data guard admits. It resolves names by the cloud's DNS, as the machine's resolver
   * would.
   */
  const connect = ({ uri, host }: Credentials, address = cloud.resolve(host)): Promise<MongoClient> =>
    new MongoClient(uri.replace(host, address ?? ""), {
      localAddress: cloud.world.plan.applications,
      serverSelectionTimeoutMS: 5000,
    }).connect();

  beforeAll(async () => {
    cloud = await bootCloud({ services: ["mongodb"] });
    const [broker] = cloud.brokers.list();
    if (broker === undefined) throw new Error("no broker");
    customer = await PersistentCustomer.of(cloud.world, broker);
    await customer.ask("PUT", "/v2/service_instances/docs", OWNER);
    credentials = await bind("docs", "one");
    client = await connect(credentials);
  }, PATIENCE_MS);
  afterAll(async () => {
    await client.close();
    await cloud.close();
  });

  const items = () => client.db().collection<Item>("items");

  it("is described by the cloud as what it is, not as MongoDB", async () => {
    const engine = cloud.description.engines.find(({ kind }) => kind === "mongodb");
    expect(engine).toMatchObject({ name: "Drydock embedded document engine", isEmbedded: true });
    expect((await client.db().admin().buildInfo()).engine).toBe("Drydock embedded document engine");
  });

  it("serves the official driver by the binding's uri: documents, aggregation, transactions", async () => {
    const { host, hosts, port, default_database: database, username, password, uri } = credentials;
    expect(uri).toBe(`mongodb://${username}:${password}@${host}:${port}/${database}`);
    expect(hosts).toHaveLength(1);
    expect(client.db().databaseName).toBe(database);
    await items().insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 3 },
    ]);
    expect(
      await items()
        .aggregate([{ $group: { _id: null, mean: { $avg: "$n" } } }])
        .toArray(),
    ).toEqual([{ _id: null, mean: 2 }]);
    await client.withSession((session) => session.withTransaction(() => items().insertOne({ _id: 3 }, { session })));
    expect(await items().countDocuments()).toBe(3);
  });

  it("accepts credentials only at their own instance", async () => {
    await customer.ask("PUT", "/v2/service_instances/other", OWNER);
    const elsewhere = await bind("other", "two");
    await expect(connect(credentials, cloud.resolve(elsewhere.host))).rejects.toMatchObject({ code: 18 });
    await (await connect(elsewhere)).close();
  });

  it("backs up and restores through the broker", async () => {
    const backups = "/v2/service_instances/docs/extensions/backup/backups";
    await items().replaceOne({ _id: 1 }, { n: 10 });
    expect((await customer.make(backups, backups)).state).toBe("succeeded");
    const listed = (await customer.askUntilAnswered("GET", backups)).body.backups;
    const [backup] = parseAs(Backups, listed, `GET ${backups}`);
    await items().deleteMany({});
    const restores = "/v2/service_instances/docs/extensions/backup/restores";
    expect((await customer.make(`${backups}/${backup?.id ?? ""}/restores`, restores)).state).toBe("succeeded");
    expect(await items().findOne({ _id: 1 })).toEqual({ _id: 1, n: 10 });
  });

  it("passes the suites of data over MongoDB's own protocol", async () => {
    const [broker] = cloud.brokers.list();
    if (broker === undefined) throw new Error("no broker");
    const { ip, username, password } = broker;
    const only = isWhole ? ["BK-10", "BK-11", "BK-14", "IS-25", "IS-39"] : ["BK-11", "IS-39"];
    const url = `http://${ip}:3000`;
    const data = liveDataPlane(cloud.world);
    const { results } = await certify({ url, username, password, suites: [backupSuite, isolationSuite], data, only });
    const unlike = results.filter(({ verdict }) => verdict !== "pass");
    expect([results.length, unlike.map(({ check, reason }) => `${check.id}: ${reason}`)]).toEqual([only.length, []]);
  });

  it("ends the sessions of a binding with it", async () => {
    const going = await bind("docs", "three");
    const session = await connect(going);
    await session.db().collection("items").countDocuments();
    await customer.ask("DELETE", "/v2/service_instances/docs/service_bindings/three");
    await expect(session.db().collection("items").countDocuments()).rejects.toMatchObject({ code: 18 });
    await session.close();
    expect(await items().countDocuments()).toBeGreaterThan(0);
  });
});
