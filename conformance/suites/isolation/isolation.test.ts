import { describe, expect, it } from "vitest";
import { SPOKEN } from "../../data/engines.ts";
import type { ToyBrokerOptions } from "../toy/broker.ts";
import { type Behaviour, RIGHT } from "../toy/behaviour.ts";
import { ToyCloud } from "../toy/cloud.ts";
import { toyOptions } from "../toy/mutants.ts";
import type { RunEvent } from "../../runner/events.ts";
import { certify } from "../../runner/certify.ts";
import { type CertifyOptions } from "../../runner/options.ts";
import { findUnnoticed } from "../../selftest/selftest.ts";
import { sliceOf } from "../../../scripts/tests/slice.ts";
import { isolationMutants } from "./mutants/index.ts";
import { isolationSuite } from "./suite.ts";

type Finished = Extract<RunEvent, { type: "check-finished" }>;

async function run(
  cloud: ToyCloud,
  options: Partial<CertifyOptions> = {},
  broker: ToyBrokerOptions = {},
): Promise<Readonly<Record<string, Finished>>> {
  const finished: Record<string, Finished> = {};
  await certify({ ...toyOptions(cloud, broker), suites: [isolationSuite], ...options }, (event) => {
    if (event.type === "check-finished") finished[event.check.id] = event;
  });
  return finished;
}

const toy = (changes: Partial<Behaviour> = {}): ToyCloud => new ToyCloud(changes);

describe("the isolation suite", () => {
  it("notices every mutant with the checks meant for it", async () => {
    // In `npm run selftest` every mutant meets every check.
    expect(await findUnnoticed({ ...isolationMutants, mutants: sliceOf(isolationMutants.mutants, 8) })).toEqual([]);
  });

  it("accuses sound clouds of nothing", async () => {
    for (const clean of isolationMutants.cleanRuns ?? [])
      expect((await clean.run()).filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable")).toEqual(
        [],
      );
  });

  it("leaves nothing behind", async () => {
    const cloud = toy();
    const summary = await certify({ ...toyOptions(cloud), suites: [isolationSuite] });
    expect([summary.exitCode, summary.leftBehind, cloud.instances.size]).toEqual([0, [], 0]);
  });

  it("removes what it created when it is interrupted", async () => {
    const stop = new AbortController();
    let bound = 0;
    const cloud = toy({
      onBind: (instance, binding, all) => {
        RIGHT.onBind(instance, binding, all);
        if (++bound === 4) stop.abort();
      },
    });
    const summary = await certify({ ...toyOptions(cloud), suites: [isolationSuite], signal: stop.signal });
    expect([summary.exitCode, summary.leftBehind, cloud.instances.size]).toEqual([130, [], 0]);
  });

  it("tries again and again after an unbind, and accepts an instance that closes late", async () => {
    let attempts = 0;
    const late = toy({
      onUnbind: (instance, binding, cloud) => {
        RIGHT.onUnbind(instance, binding, cloud);
        instance.admitted.add("application");
      },
      admits: (instance, login, cloud) => {
        if (instance.bindings.size === 0 && ++attempts === 5) instance.admitted.clear();
        return RIGHT.admits(instance, login, cloud);
      },
    });
    expect((await run(late, { only: ["IS-43"] }))["IS-43"]?.verdict).toBe("pass");
    expect(attempts).toBe(5);
  });

  it("states what it could not see if the address of an instance is unknown before its first binding", async () => {
    const cloud = toy();
    const { "IS-43": check } = await run(cloud, { data: cloud.plane({ isKnowing: false }) });
    expect(check?.verdict).toBe("pass");
    expect(check?.reason).toMatch(/^seen after a binding was removed/);
  });

  it("states that it could not connect from another tenant's VM, and passes the rest", async () => {
    const cloud = toy();
    const found = await run(cloud, { data: { ...cloud.plane(), hasTenantVm: false }, only: ["IS-43", "IS-48"] });
    expect(found["IS-48"]).toMatchObject({
      verdict: "not-applicable",
      reason: "nobody stands at another tenant's VM (data.tenant in drydock.yml)",
    });
    expect(found["IS-43"]).toMatchObject({
      verdict: "pass",
      reason: "nobody tried it from another tenant's VM (data.tenant in drydock.yml)",
    });
  });

  it("is unknown if nobody can connect from the vantage, or a port is silent", async () => {
    const { DataError } = await import("../../data/plane.ts");
    const nobody = toy();
    const plane = nobody.plane();
    const absent = (): never => {
      throw new DataError("nowhere", "nobody can connect from 10.0.0.9: it is not an address of this machine");
    };
    const elsewhere: typeof plane = {
      ...plane,
      connect: async (login, from) => (from === "application" ? plane.connect(login, from) : absent()),
      reach: async (address, from) => (from === "application" ? plane.reach(address, from) : absent()),
    };
    const nowhere = await run(nobody, { data: elsewhere, only: ["IS-43", "IS-48"] });
    for (const id of ["IS-43", "IS-48"])
      expect(nowhere[id]).toMatchObject({
        verdict: "unknown",
        reason: expect.stringMatching(/^nobody can connect from/),
      });
    const quiet = toy();
    const mute = { ...quiet.plane(), reach: async () => "silent" as const };
    expect((await run(quiet, { data: mute, only: ["IS-48"] }))["IS-48"]?.verdict).toBe("unknown");
  });

  it("uses only the API if it has no client for the credentials", async () => {
    const cloud = toy();
    const data = { ...cloud.plane(), clients: SPOKEN };
    const found = await run(cloud, { data }, { scheme: "mysql" });
    expect(found["IS-06"]?.verdict).toBe("pass");
    expect(found["IS-25"]).toMatchObject({
      verdict: "not-applicable",
      reason: expect.stringMatching(
        /^toy-db: no data client for mysql:\/\/…: a program can speak to MySQL .*; toy-db-next: /,
      ),
    });
    expect(found["IS-43"]?.verdict).toBe("not-applicable");
  });

  it("does not mistake a broken server for one that refuses", async () => {
    const cloud = toy();
    const plane = cloud.plane();
    const { DataError } = await import("../../data/plane.ts");
    const shaky: typeof plane = {
      ...plane,
      connect: (login, from) =>
        login.username.startsWith("u") && login.database !== ownDatabase(cloud, login.username)
          ? Promise.reject(new DataError("failed", "too many connections", "53300"))
          : plane.connect(login, from),
    };
    expect((await run(cloud, { data: shaky, only: ["IS-25"] }))["IS-25"]?.verdict).toBe("unknown");
  });

  it("judges by the data if all instances share one database", async () => {
    const cloud = toy({
      onProvision: ({ admitted }) => admitted.add("application"),
      onUnbind: ({ bindings }, { id }) => bindings.delete(id),
      admits: () => true,
    });
    const plane = cloud.plane();
    const one = (login: Parameters<typeof plane.connect>[0]): typeof login => {
      const [first] = cloud.instances.values();
      return { ...login, host: first?.host ?? login.host };
    };
    const shared: typeof plane = {
      ...plane,
      resolve: async () => "10.0.0.1",
      connect: (login, from) => plane.connect(one(login), from),
    };
    const found = await run(cloud, { data: shared, file: `data: { credentials: { "*": { database: port } } }` });
    expect(found["IS-25"]).toMatchObject({
      verdict: "fail",
      seen: "one database, and the table of the one seen by the other",
    });
    expect(found["IS-43"]).toMatchObject({ verdict: "not-applicable" });
    expect(found["IS-48"]).toMatchObject({ verdict: "not-applicable" });
  });
});

function ownDatabase(cloud: ToyCloud, username: string): string | undefined {
  return [...cloud.instances.values()].find(({ users }) => users.has(username))?.database;
}
