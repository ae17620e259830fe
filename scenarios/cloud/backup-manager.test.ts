import { beforeAll, describe, expect, it } from "vitest";
import { createWorld, type World } from "../../simulators/world.ts";
import { inception } from "../story/inception.ts";
import { Brokers, type RunningBroker } from "./brokers.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

const EXTENSION = "extensions/backup";
const HOUR_MS = 3_600_000;
const KEY = "a key that nobody guesses";

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

interface Asked {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isOperator?: boolean;
}

type Session = ReturnType<World["dataservices"]["session"]>;

describe("the backup manager", () => {
  let world: World;
  let broker: RunningBroker;
  let customer: PersistentCustomer;

  const send = async (method: string, path: string, { body, headers, isOperator }: Asked = {}): Promise<Answer> => {
    const { username, password } = isOperator ? broker.operator : broker;
    const response = await world.environmentAt(world.plan.applications).fetch(`${broker.url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
        "x-broker-api-version": "2.17",
        ...(body && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      body: isJson ? (JSON.parse(bytes.toString("utf8")) as Answer["body"]) : {},
      text: bytes.toString("latin1"),
    };
  };
  const pathOf = (id: string): string => `/v2/service_instances/${id}/${EXTENSION}`;
  const provision = (id: string, owner: object = OWNER): Promise<string> =>
    customer.ask("PUT", `/v2/service_instances/${id}`, owner);
  const backUp = async (id: string): Promise<string> =>
    (await customer.make(`${pathOf(id)}/backups`, `${pathOf(id)}/backups`)).id;
  const listOf = async (id: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await send("GET", `${pathOf(id)}/backups`)).body.backups as Readonly<Record<string, unknown>>[];

  const open = async (id: string): Promise<Session> => {
    const path = `/v2/service_instances/${id}/service_bindings/b-${id}`;
    await customer.ask("PUT", path, { bind_resource: { app_guid: "app" } });
    const { credentials } = (await customer.askUntilAnswered("GET", path)).body as {
      credentials: { host: string; port: number; name: string; username: string; password: string };
    };
    const { host, port, name, username, password } = credentials;
    const login = { database: name, username, password };
    return world.dataservices.session(world.plan.applications, world.dns.resolve(host) ?? "", port, login);
  };
  /** Orders a restore into an instance, and follows it. */
  const restore = async (id: string, body: object): Promise<string> => {
    const ordered = await send("POST", `${pathOf(id)}/restores`, { body });
    if (ordered.status !== 202) return String(ordered.status);
    for (;;) {
      const { body: view } = await send("GET", `${pathOf(id)}/restores/${String(ordered.body.id)}`);
      if (view.state !== "queued" && view.state !== "running") return String(view.state);
      await world.environmentAt(world.plan.applications).sleepMs(1000);
    }
  };
  const pass = (ms: number): Promise<void> => world.environmentAt(world.plan.applications).sleepMs(ms);

  beforeAll(async () => {
    world = createWorld({ seed: 12, scramIterations: 1, journalEventsMax: 200 });
    const brokers = new Brokers(world, { backups: { daysAfterDeprovision: 1 } });
    await world.run(async () => {
      await inception(world, { services: ["postgresql"] });
      [broker] = brokers.list() as [RunningBroker];
      customer = await PersistentCustomer.of(world, broker);
      await provision("own");
      await provision("sibling");
      await provision("foreign", { ...OWNER, organization_guid: "another", context: { platform: "kubernetes" } });
    });
  });

  it("makes one backup for an order that comes twice, even after the first has ended", () =>
    world.run(async () => {
      const order = (key: string): Promise<Answer> =>
        send("POST", `${pathOf("own")}/backups`, { headers: { "idempotency-key": key } });
      const first = await order("once");
      const [second, other] = [await order("once"), await order("twice")];
      expect([first.status, second.status, other.status]).toEqual([202, 202, 409]);
      await pass(HOUR_MS);
      const third = await order("once");
      expect(third.body.id).toBe(first.body.id);
      expect(third.body.state).toBe("succeeded");
      expect((await listOf("own")).length).toBe(1);
    }));

  it("answers for another instance's backup as for one that never existed", () =>
    world.run(async () => {
      const [{ id }] = (await listOf("own")) as [{ id: string }];
      for (const path of [`backups/${id}`, `backups/${id}/download`]) {
        const [foreign, unknown] = [
          await send("GET", `${pathOf("foreign")}/${path}`),
          await send("GET", `${pathOf("foreign")}/${path.replace(id, "never")}`),
        ];
        expect(foreign.status).toBe(404);
        expect(foreign.text).toBe(unknown.text);
      }
      const orders = [id, "never"].map((backup) => [`backups/${backup}/restores`, {}] as const);
      const bodies = [id, "never"].map((backup_id) => ["restores", { backup_id }] as const);
      const answers: Answer[] = [];
      for (const [path, body] of [...orders, ...bodies])
        answers.push(await send("POST", `${pathOf("foreign")}/${path}`, { body }));
      for (const backup of [id, "never"]) answers.push(await send("DELETE", `${pathOf("foreign")}/backups/${backup}`));
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      const { body } = await send("GET", `${pathOf("foreign")}/sources`);
      expect(body.sources).toEqual([]);
    }));

  it("keeps a tenant's key secret, uses it only for later backups, and opens those only with it", () =>
    world.run(async () => {
      const settings = `${pathOf("own")}/settings`;
      expect((await send("PUT", settings, { body: { key: "seven77" } })).status).toBe(400);
      const set = await send("PUT", settings, { body: { key: KEY } });
      expect([set.status, set.body.has_key]).toEqual([200, true]);
      expect(set.text + (await send("GET", settings)).text).not.toContain(KEY);
      const [{ id: before }] = (await listOf("own")) as [{ id: string }];
      const after = await backUp("own");
      expect((await listOf("own")).map(({ downloadable }) => downloadable)).toEqual([false, true]);
      expect((await send("GET", `${pathOf("own")}/backups/${before}/download`)).status).toBe(403);
      const artifact = await send("GET", `${pathOf("own")}/backups/${after}/download`);
      expect([artifact.status, artifact.text.slice(0, 17)]).toEqual([200, "drydock-backup 1\n"]);
      // A new key leaves the old backups under the old one.
      await send("PUT", settings, { body: { key: `${KEY} too` } });
      expect(await restore("own", { backup_id: after, key: `${KEY} too` })).toBe("422");
      expect(await restore("own", { backup_id: after, key: KEY })).toBe("succeeded");
      expect(await restore("own", { backup_id: after })).toBe("succeeded");
      expect(await restore("own", { backup_id: before, key: KEY })).toBe("422");
    }));

  it("restores into another instance of the owner, and keeps that one's users", () =>
    world.run(async () => {
      const data = await open("own");
      data.put("coins", "1", { value: "mine" });
      const backup = await backUp("own");
      expect(await restore("sibling", { backup_id: backup })).toBe("succeeded");
      expect((await open("sibling")).get("coins", "1")).toEqual({ value: "mine" });
      const { body } = await send("GET", `${pathOf("sibling")}/sources`);
      expect((body.sources as { id: string }[]).map(({ id }) => id)).toContain(backup);
    }));

  it("deletes stored objects and keeps the record, but deletes nothing that is in use", () =>
    world.run(async () => {
      const backup = await backUp("own");
      const path = `${pathOf("own")}/backups/${backup}`;
      await send("POST", `${pathOf("sibling")}/restores`, { body: { backup_id: backup } });
      expect((await send("DELETE", path)).status).toBe(423);
      await pass(HOUR_MS);
      expect((await send("DELETE", path)).status).toBe(200);
      expect((await send("GET", path)).body.state).toBe("deleted");
      expect((await send("DELETE", path)).status).toBe(410);
      expect(await restore("own", { backup_id: backup })).toBe("422");
    }));

  it("offers operators the API of the product that it stands for", () =>
    world.run(async () => {
      for (const form of ["/instances", "/v1/instances"]) {
        expect((await send("GET", `${form}/own/backups`)).status).toBe(401);
        const made = await send("POST", `${form}/own/backups`, { isOperator: true });
        expect(made.status).toBe(201);
        await pass(HOUR_MS);
        const shown = await send("GET", `${form}/own/backups/${String(made.body.id)}`, { isOperator: true });
        expect(shown.body).toMatchObject({ id: made.body.id, status: "done", downloadable: true });
        expect("backup_id" in shown.body).toBe(form === "/v1/instances");
        const path = `${form}/own/backups/${String(made.body.id)}`;
        const restored = await send("POST", `${path}/restore`, { isOperator: true });
        expect([restored.status, typeof restored.body.id]).toEqual([202, "string"]);
        expect((await send("POST", `${path}/restore`, { isOperator: true })).status).toBe(409);
        await pass(HOUR_MS);
        const seen = await send("GET", `${form}/own/restores/${String(restored.body.id)}`, { isOperator: true });
        expect(seen.body).toMatchObject({ status: "done", metadata: { restored_from: made.body.id } });
        expect((await send("DELETE", path, { isOperator: true })).status).toBe(200);
      }
      const pitr = await send("GET", "/v1/instances/own/pitr", { isOperator: true });
      expect(pitr.body).toEqual({ start_time: null, end_time: null });
      expect(await restore("own", { restore_to: "2026-11-30T12:00:00Z" })).toBe("422");
    }));

  it("backs up by schedule, keeps what retention requires, and shows missed windows", () =>
    world.run(async () => {
      const settings = `${pathOf("sibling")}/settings`;
      expect((await send("PUT", settings, { body: { schedule: "every hour" } })).status).toBe(400);
      expect((await send("PUT", settings, { body: { schedule: "0 * * * *", time_zone: "Mars/Olympus" } })).status).toBe(
        400,
      );
      const body = { schedule: "0 * * * *", time_zone: "Europe/London", keep_min: 2, keep_days: 0 };
      expect((await send("PUT", settings, { body })).body).toMatchObject({
        time_zone: "Europe/London",
        missed: { count: 0 },
      });
      await pass(4.5 * HOUR_MS);
      const backups = await listOf("sibling");
      const scheduled = backups.filter(({ origin }) => origin === "schedule");
      expect(scheduled.length).toBe(4);
      expect(scheduled.map(({ triggered_at: at }) => String(at).slice(14, 16))).toEqual(["00", "00", "00", "00"]);
      expect(backups.filter(({ state }) => state === "succeeded").length).toBe(2);
      expect(backups.at(-1)?.state).toBe("succeeded");
      await send("PUT", settings, { body: { excluded: true } });
      await pass(2 * HOUR_MS);
      expect((await listOf("sibling")).length).toBe(backups.length);
      await send("PUT", settings, { body: { schedule: null } });
    }));

  it("lets only the owner restore into a new instance after a deprovision, for as long as the operator allows", () =>
    world.run(async () => {
      const data = await open("own");
      data.put("coins", "1", { value: "kept" });
      const backup = await backUp("own");
      expect(await customer.ask("DELETE", "/v2/service_instances/own")).toBe("succeeded");
      expect((await send("GET", `${pathOf("own")}/backups`)).status).toBe(404);
      expect(await restore("foreign", { backup_id: backup })).toBe("404");
      expect(await restore("sibling", { backup_id: backup })).toBe("succeeded");
      expect((await open("sibling")).get("coins", "1")).toEqual({ value: "kept" });
      // A later instance with the same id has none of its backups.
      await provision("own", { ...OWNER, organization_guid: "another" });
      expect(await listOf("own")).toEqual([]);
      expect((await send("GET", `${pathOf("own")}/backups/${backup}`)).status).toBe(404);
      await pass(25 * HOUR_MS);
      expect(await restore("sibling", { backup_id: backup })).toBe("404");
    }));
});
