import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FaultRule, HttpReply, Process } from "../kernel/index.ts";
import { agentRequest, login, rig, type Rig } from "./testing.ts";

const VM = "127.64.16.5";
const OTHER = "127.64.16.9";
const APP = "127.0.0.1";

function bindUser(address = VM, dep = "d71da55a"): Rig {
  const world = rig();
  world.boot(address, dep);
  world.ask("PUT", address, "/v1/credentials/u1", JSON.stringify({ password: "p1", database: dep }));
  return world;
}

const plant = (point: string, rule: Partial<FaultRule> = {}): FaultRule => ({
  point: `dataservice:${point}`,
  effect: { kind: "error", message: "planted" },
  ...rule,
});

describe("the agent", () => {
  it("shows state and role, but only to callers with its password", () => {
    const { ask, boot, pass } = rig();
    boot(VM, "d1");
    boot(OTHER, "d1", { index: 1 });
    expect(ask("GET", VM, "/v1/status").json).toEqual({ state: "running", role: "primary", phase: "primary" });
    expect(ask("GET", OTHER, "/v1/status").json).toEqual({ state: "running", role: "replica", phase: "fenced" });
    pass(5000);
    expect(ask("GET", OTHER, "/v1/status").json).toEqual({ state: "running", role: "replica", phase: "replica" });
    expect(ask("GET", VM, "/v1/status", "", "wrong").status).toBe(401);
    expect(ask("GET", VM, "/v1/nothing", "", "wrong").status).toBe(401);
    expect(ask("GET", VM, "/v1/nothing").status).toBe(404);
    expect(ask("PATCH", VM, "/v1/status").status).toBe(405);
    expect(ask("GET", "127.64.16.77", "/v1/status").wire).toEqual({ kind: "reset" });
  });

  it("creates a user once, changes its password, and deletes it, however often that is requested", () => {
    const { ask, boot } = rig();
    boot(VM, "d1");
    const put = (password: unknown, database = "d1"): number =>
      ask("PUT", VM, "/v1/credentials/u1", JSON.stringify({ password, database })).status;
    expect([put("p1"), put("p1"), put("p2")]).toEqual([201, 200, 200]);
    expect([put(7), put(""), put("p", "postgres")]).toEqual([400, 400, 422]);
    expect(ask("PUT", VM, "/v1/credentials/U%221", '{"password":"x"}').status).toBe(400);
    for (const name of ["cfuser", "drydock", "pg_monitor", "postgres"])
      expect(ask("PUT", VM, `/v1/credentials/${name}`, '{"password":"x"}').status).toBe(400);
    expect(ask("PUT", VM, "/v1/credentials/u1", "not JSON").status).toBe(400);
    expect(ask("DELETE", VM, "/v1/credentials/u1").status).toBe(200);
    expect(ask("DELETE", VM, "/v1/credentials/u1").status).toBe(200);
    expect(ask("DELETE", VM, "/v1/credentials/never").status).toBe(200);
  });

  it("keeps secrets out of the journal and passwords out of the state", () => {
    const { kernel, services, ask } = bindUser();
    services.session(APP, VM, 5432, login("d71da55a")).put("t", "k", { secret: "row-secret" });
    ask("POST", VM, "/v1/dumps");
    const journal = JSON.stringify(kernel.journal.events);
    expect(journal).toContain("user.create");
    for (const secret of ["p1", "agent-secret", "row-secret", "SCRAM"]) expect(journal).not.toContain(`${secret}"`);
    const user = services.parts.slot.value.disks.get(`disk-${VM}`)?.users.get("u1");
    expect(user?.verifier).toMatch(/^SCRAM-SHA-256\$1:/);
  });

  it("keeps credentials of Redis and MongoDB as records and refuses access to their data", () => {
    const { ask, boot, services } = rig();
    boot(VM, "d1", { kind: "redis" });
    expect(ask("PUT", VM, "/v1/credentials/u1", '{"password":"p1"}').status).toBe(201);
    expect(ask("POST", VM, "/v1/dumps").status).toBe(501);
    expect(() => services.session(APP, VM, 5432, login("d1"))).toThrow("DS_NOT_SIMULATED");
  });
});

describe("the virtual data plane", () => {
  it("admits a client with the password, the database and the security group", () => {
    const { services } = bindUser();
    const open = (source: string, port: number, user = login("d71da55a")) => services.session(source, VM, port, user);
    expect(open(APP, 5432).tables()).toEqual([]);
    expect(() => open(APP, 5433)).toThrow("DS_REFUSED");
    expect(() => open(APP, 5432, login("d71da55a", "p2"))).toThrow("DS_WRONG_PASSWORD");
    expect(() => open(APP, 5432, { ...login("d71da55a"), username: "u2" })).toThrow("DS_WRONG_PASSWORD");
    expect(() => open(APP, 5432, login("postgres"))).toThrow("DS_NOT_YOUR_DATABASE");
    services.admits = (source) => source === APP;
    expect(() => open("127.0.0.9", 5432)).toThrow("DS_REFUSED");
  });

  it("ends a session with its user, its rule or its service", () => {
    const world = bindUser();
    const open = () => world.services.session(APP, VM, 5432, login("d71da55a"));
    const [first, second] = [open(), open()];
    world.services.admits = () => false;
    expect(() => first.tables()).toThrow("DS_SESSION_ENDED");
    world.services.admits = () => true;
    expect(() => first.tables()).toThrow("DS_SESSION_ENDED");
    expect(second.tables()).toEqual([]);
    world.ask("DELETE", VM, "/v1/credentials/u1");
    expect(() => second.tables()).toThrow("DS_SESSION_ENDED");
    expect(open).toThrow("DS_WRONG_PASSWORD");
  });

  it("shows the primary's rows on a replica and refuses writes there", () => {
    const { services, boot, pass } = bindUser();
    boot(OTHER, "d71da55a", { index: 1 });
    expect(() => services.session(APP, OTHER, 5432, login("d71da55a"))).toThrow("DS_NOT_READY");
    pass(5000);
    services.session(APP, VM, 5432, login("d71da55a")).put("t", "k", { a: 1 });
    const replica = services.session(APP, OTHER, 5432, login("d71da55a"));
    expect(replica.get("t", "k")).toEqual({ a: 1 });
    expect(() => replica.put("t", "k", { a: 2 })).toThrow("DS_READ_ONLY");
  });

  it("keeps data and users with the disk, not with the VM", () => {
    const { services, boot } = bindUser();
    services.session(APP, VM, 5432, login("d71da55a")).put("t", "k", { a: 1 });
    services.stop(VM, "postgresql");
    expect(() => services.session(APP, VM, 5432, login("d71da55a"))).toThrow("DS_REFUSED");
    boot(OTHER, "d71da55a", { disk: `disk-${VM}` });
    expect(services.session(APP, OTHER, 5432, login("d71da55a")).get("t", "k")).toEqual({ a: 1 });
    services.stop(OTHER, "postgresql");
    services.destroyDisk(`disk-${VM}`);
    boot(OTHER, "d71da55a", { disk: `disk-${VM}` });
    expect(() => services.session(APP, OTHER, 5432, login("d71da55a"))).toThrow("DS_WRONG_PASSWORD");
  });

  it("copies rows on their way in and out, as a socket does", () => {
    const { services } = bindUser();
    const session = services.session(APP, VM, 5432, login("d71da55a"));
    const row = { list: [1] };
    session.put("t", "k", row);
    row.list.push(2);
    const [read] = session.read("t");
    for (const seen of [session.get("t", "k"), read?.[1]]) (seen as typeof row).list.push(3);
    expect(session.get("t", "k")).toEqual({ list: [1] });
  });

  it("comes back from a snapshot with its rows and sessions, refused inputs included", () => {
    const { kernel, services, ask } = bindUser();
    const session = services.session(APP, VM, 5432, login("d71da55a"));
    session.put("t", "k", { a: 1 });
    const snapshot = kernel.snapshot();
    const { digest } = kernel.journal;
    session.put("t", "k", { a: 2 });
    ask("DELETE", VM, "/v1/credentials/u1");
    kernel.restore(snapshot);
    expect(session.get("t", "k")).toEqual({ a: 1 });
    expect(kernel.journal.digest).toBe(digest);
  });
});

const value = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.double({ noNaN: true }), fc.constant(null));
const row = fc.dictionary(fc.string({ minLength: 1 }), value, { maxKeys: 4 });
const write = fc.record({
  table: fc.constantFrom("accounts", "Bestellungen", "表"),
  key: fc.string({ unit: "grapheme", maxLength: 4 }),
  row: fc.option(row),
});
const writes = fc.array(write, { maxLength: 30 });

describe("dump and restore", () => {
  const contents = (world: Rig, address: string, dep: string): unknown => {
    const session = world.services.session(APP, address, 5432, login(dep));
    return session.tables().map((table) => [table, session.read(table)]);
  };
  const perform = (world: Rig, list: readonly { table: string; key: string; row: object | null }[]): void => {
    const session = world.services.session(APP, VM, 5432, login("d71da55a"));
    for (const each of list) {
      if (each.row === null) session.remove(each.table, each.key);
      else session.put(each.table, each.key, JSON.parse(JSON.stringify(each.row)));
    }
  };
  const dumpOf = (world: Rig): Uint8Array => world.ask("POST", VM, "/v1/dumps").body as Uint8Array;

  it("brings back the data, whatever came after, and repeats itself byte for byte", () => {
    fc.assert(
      fc.property(writes, writes, (before, after) => {
        const world = bindUser();
        perform(world, before);
        const held = contents(world, VM, "d71da55a");
        const dump = dumpOf(world);
        perform(world, after);
        world.services.session(APP, VM, 5432, login("d71da55a")).put("later", "k", {});
        expect(world.ask("POST", VM, "/v1/restores", dump).json).toEqual({ restored: true });
        expect(contents(world, VM, "d71da55a")).toEqual(held);
        expect(Buffer.from(dumpOf(world)).equals(dump)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses a damaged dump before it touches anything, whichever byte it is", () => {
    const world = bindUser();
    perform(world, [{ table: "accounts", key: "a", row: { n: 1 } }]);
    const dump = dumpOf(world);
    perform(world, [{ table: "accounts", key: "b", row: { n: 2 } }]);
    const held = contents(world, VM, "d71da55a");
    fc.assert(
      fc.property(fc.nat(dump.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
        const damaged = Buffer.from(dump);
        damaged[at] = (damaged[at] ?? 0) ^ flip;
        const reply = world.ask("POST", VM, "/v1/restores", cut ? damaged.subarray(0, at) : damaged);
        expect(reply.status).toBe(422);
        expect(contents(world, VM, "d71da55a")).toEqual(held);
      }),
    );
    expect(world.ask("POST", VM, "/v1/restores", "hello").status).toBe(422);
  });

  it("ends open sessions, leaves sequences where the backup had them, and the neighbour alone", () => {
    const world = bindUser();
    world.boot(OTHER, "d2");
    world.ask("PUT", OTHER, "/v1/credentials/u1", '{"password":"p1"}');
    world.services.session(APP, OTHER, 5432, login("d2")).put("t", "k", { mine: true });
    const session = world.services.session(APP, VM, 5432, login("d71da55a"));
    expect([session.next("s"), session.next("s")]).toEqual([1, 2]);
    const dump = dumpOf(world);
    session.next("s");
    world.ask("POST", VM, "/v1/restores", dump);
    expect(() => session.next("s")).toThrow("DS_SESSION_ENDED");
    expect(world.services.session(APP, VM, 5432, login("d71da55a")).next("s")).toBe(3);
    expect(contents(world, OTHER, "d2")).toEqual([["t", [["k", { mine: true }]]]]);
  });

  it("does the harm that each planted defect names", () => {
    const prepare = (point: string): { world: Rig; dump: Uint8Array } => {
      const world = bindUser();
      world.boot(OTHER, "d2");
      world.ask("PUT", OTHER, "/v1/credentials/u1", '{"password":"p1"}');
      perform(world, [
        { table: "a", key: "1", row: { n: 1 } },
        { table: "b", key: "1", row: { n: 1 } },
        { table: "b", key: "2", row: { n: 1 } },
      ]);
      if (point !== "") world.kernel.faults.arm(plant(point, { match: { deployment: "d71da55a" } }));
      return { world, dump: dumpOf(world) };
    };
    const restoreWith = (point: string): { world: Rig; after: unknown } => {
      const { world, dump } = prepare(point);
      perform(world, [{ table: "c", key: "late", row: { n: 9 } }]);
      expect(world.ask("POST", VM, "/v1/restores", dump).status).toBe(200);
      return { world, after: contents(world, VM, "d71da55a") };
    };
    const whole = restoreWith("").after;
    const harmful = ["dump torn-snapshot", "dump lost-tail", "dump wrong-neighbour", "restore append"];
    expect(harmful.filter((point) => isDeepStrictEqual(restoreWith(point).after, whole))).toEqual([]);
    const { world } = restoreWith("restore wrong-neighbour");
    expect(contents(world, OTHER, "d2")).toEqual(whole);
  });

  it("restores damaged bytes if verification is skipped, and keeps sessions open if asked to", () => {
    const world = bindUser();
    perform(world, [{ table: "a", key: "1", row: { n: 1 } }]);
    const dump = dumpOf(world);
    world.kernel.faults.arm(plant("restore skip-verification"));
    world.kernel.faults.arm(plant("restore keep-sessions"));
    const session = world.services.session(APP, VM, 5432, login("d71da55a"));
    expect(world.ask("POST", VM, "/v1/restores", dump.subarray(0, dump.length - 5)).status).toBe(200);
    expect(session.tables()).toEqual([]);
  });

  it("fails loudly if a fault is armed, and changes nothing", () => {
    const world = bindUser();
    perform(world, [{ table: "a", key: "1", row: { n: 1 } }]);
    const dump = dumpOf(world);
    for (const step of ["dump", "restore", "credentials"]) world.kernel.faults.arm(plant(step));
    expect(world.ask("POST", VM, "/v1/dumps").status).toBe(500);
    expect(world.ask("POST", VM, "/v1/restores", dump).json).toEqual({
      error: { code: "restore_failed", message: "planted" },
    });
    expect(world.ask("DELETE", VM, "/v1/credentials/u1").status).toBe(500);
    expect(contents(world, VM, "d71da55a")).toEqual([["a", [["1", { n: 1 }]]]]);
    world.kernel.faults.arm(plant("restore", { effect: { kind: "vanish" } }));
    expect(world.ask("POST", VM, "/v1/restores", dump).wire).toEqual({ kind: "reset" });
    expect(() => contents(world, VM, "d71da55a")).toThrow("DS_REFUSED");
  });

  it("hangs in a dump until the rule is disarmed or the client is gone", () => {
    const world = bindUser();
    const { faults } = world.kernel;
    const begin = (): Process<HttpReply> =>
      world.services.agent.receive(agentRequest("POST", VM, "/v1/dumps")) as Process<HttpReply>;
    const id = faults.arm(plant("dump", { count: null, effect: { kind: "stuck" } }));
    const [patient, impatient] = [begin(), begin()];
    world.kernel.advanceTo(world.kernel.nowMs + 3_600_000);
    expect([patient.running, impatient.running]).toEqual([true, true]);
    faults.hangUp(impatient);
    world.kernel.advanceTo(world.kernel.nowMs);
    expect([patient.running, impatient.running]).toEqual([true, false]);
    faults.disarm(id);
    world.kernel.advanceTo(world.kernel.nowMs + 3_600_000);
    expect(patient.outcome).toMatchObject({ state: "done", value: { status: 200 } });
    expect(faults.holding).toBe(0);
  });

  it("plants users that outlive their deletion, and users on every instance", () => {
    const world = bindUser();
    world.boot(OTHER, "d2");
    world.kernel.faults.arm(plant("credentials keep"));
    world.kernel.faults.arm(plant("credentials everywhere"));
    world.ask("PUT", VM, "/v1/credentials/u1", '{"password":"p2"}');
    expect(world.services.session(APP, OTHER, 5432, login("d2", "p2")).tables()).toEqual([]);
    expect(world.ask("DELETE", VM, "/v1/credentials/u1").status).toBe(200);
    expect(world.services.session(APP, VM, 5432, login("d71da55a", "p2")).tables()).toEqual([]);
  });
});

describe("the job", () => {
  it("starts and stops as the director's agent asks, and refuses incomplete properties and a taken VM", () => {
    const { services } = rig();
    const properties = { database: "d1", max_connections: 64, agent: { username: "agent", password: "x" } };
    const place = { deployment: "d1", index: 0, bootstrap: true, ip: VM, diskCid: null, properties };
    services.jobs.postgresql.start(place);
    expect(services.at(VM)?.parameters).toEqual({ max_connections: 64 });
    expect(() => services.jobs.redis.start(place)).toThrow("DS_VM_TAKEN");
    expect(() => services.jobs.postgresql.start({ ...place, properties: {} })).toThrow("DS_BAD_JOB");
    services.jobs.redis.stop(place, true);
    expect(services.instances()).toHaveLength(1);
    services.jobs.postgresql.stop(place, true);
    expect([services.instances(), services.disks()]).toEqual([[], []]);
  });

  it("reports a service that does not come up", () => {
    const { kernel, services, ask, boot } = rig();
    kernel.faults.arm(plant("start"));
    boot(VM, "d1");
    expect(ask("GET", VM, "/v1/status").json).toEqual({ state: "failing", role: "primary", phase: "primary" });
    expect(ask("POST", VM, "/v1/dumps").status).toBe(503);
    expect(() => services.session(APP, VM, 5432, login("d1"))).toThrow("DS_REFUSED");
  });
});
