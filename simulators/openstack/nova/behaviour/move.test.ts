import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeRequest } from "../../../kernel/index.ts";
import { memberOf, TestSession } from "../../testing-session.ts";

const act = (session: TestSession, id: string, body: object, version = 93): number =>
  session.send("nova", "POST", `/servers/${id}/action`, { who: "admin", version, body }).status;

const show = (session: TestSession, id: string): unknown =>
  memberOf(session.send("nova", "GET", `/servers/${id}`, { who: "admin", version: 93 }).json, "server");

const stateOf = (session: TestSession, id: string): readonly unknown[] => {
  const server = show(session, id);
  return [memberOf(server, "status"), memberOf(server, "OS-EXT-SRV-ATTR:host")];
};

const migrations = (session: TestSession): readonly unknown[] => {
  const { json } = session.send("nova", "GET", "/os-migrations", { who: "admin", version: 93 });
  const rows = memberOf(json, "migrations");
  return Array.isArray(rows) ? rows.map((row) => [memberOf(row, "migration_type"), memberOf(row, "status")]) : [];
};

/** Several hosts, and more servers than a project usually may have. */
const ROOMY = { profile: "agents", quotas: { cores: -1, ram: -1 } } as const;

describe("a server that moves", () => {
  it("cold is confirmed on its new host, or reverted to its old one", async () => {
    const session = await TestSession.open(ROOMY);
    const id = session.server();
    expect(stateOf(session, id)).toEqual(["ACTIVE", "compute-1"]);
    expect(act(session, id, { migrate: { host: "compute-3" } })).toBe(202);
    session.sleep(60_000);
    expect(stateOf(session, id)).toEqual(["VERIFY_RESIZE", "compute-3"]);
    act(session, id, { revertResize: null });
    session.sleep(60_000);
    expect([stateOf(session, id), migrations(session)]).toEqual([["ACTIVE", "compute-1"], [["migration", "reverted"]]]);
    act(session, id, { migrate: null });
    session.sleep(60_000);
    act(session, id, { confirmResize: null });
    session.sleep(60_000);
    expect(stateOf(session, id)).toEqual(["ACTIVE", "compute-2"]);
  });

  it("live is listed while it moves, takes its ports along, and can be aborted", async () => {
    const session = await TestSession.open(ROOMY);
    const network = await session.network();
    const id = session.server({ networks: [{ uuid: network }] });
    const live = { "os-migrateLive": { host: null, block_migration: "auto" } };
    expect(act(session, id, live)).toBe(202);
    expect(stateOf(session, id)[0]).toBe("MIGRATING");
    const list = session.send("nova", "GET", `/servers/${id}/migrations`, { who: "admin", version: 93 });
    expect(memberOf(list.json, "migrations.0.status")).toBe("running");
    const number = String(memberOf(list.json, "migrations.0.id"));
    session.send("nova", "DELETE", `/servers/${id}/migrations/${number}`, { who: "admin", version: 93 });
    expect([stateOf(session, id), migrations(session)]).toEqual([
      ["ACTIVE", "compute-1"],
      [["live-migration", "cancelled"]],
    ]);
    act(session, id, live);
    session.sleep(60_000);
    expect(stateOf(session, id)).toEqual(["ACTIVE", "compute-2"]);
    const ports = [...session.cloud.openstack.state().neutron.ports.values()].filter((port) => port.deviceId === id);
    expect(ports.map(({ hostId }) => hostId)).toEqual(["compute-2"]);
  });

  it("is evacuated only from a host that is declared down", async () => {
    const session = await TestSession.open(ROOMY);
    const id = session.server();
    expect(act(session, id, { evacuate: {} })).toBe(400);
    const down = { host: "compute-1", binary: "nova-compute", forced_down: true };
    session.send("nova", "PUT", "/os-services/force-down", { who: "admin", version: 11, body: down });
    expect(act(session, id, { evacuate: {} })).toBe(200);
    session.sleep(60_000);
    expect([stateOf(session, id), migrations(session)]).toEqual([["ACTIVE", "compute-2"], [["evacuation", "done"]]]);
  });

  it("leaves each host charged with exactly the memory of the servers on it, whatever moves", async () => {
    const move = fc.constantFrom(
      { migrate: null },
      { confirmResize: null },
      { revertResize: null },
      { "os-migrateLive": { host: null, block_migration: "auto" } },
      { delete: null },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 3 }), move, fc.nat({ max: 9000 })), { maxLength: 12 }),
        async (moves) => {
          const session = await TestSession.open(ROOMY);
          const ids = [0, 1, 2, 3].map(() => session.server());
          for (const [at, body, pauseMs] of moves) {
            act(session, ids[at] ?? "", body);
            session.sleep(pauseMs);
          }
          session.sleep(60_000);
          const { servers, hostRam } = session.cloud.openstack.state().nova;
          const expected = new Map<string, number>();
          for (const { host, flavor } of servers.values())
            if (host !== null) expected.set(host, (expected.get(host) ?? 0) + flavor.ram);
          const used = [...hostRam].filter(([, ram]) => ram !== 0);
          expect(new Map(used)).toEqual(expected);
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe("consoles", () => {
  it("have a URL whose page says what it stands for, and a boot log with the server's addresses", async () => {
    const session = await TestSession.open(ROOMY);
    const id = session.server({ name: "web" });
    const body = { remote_console: { protocol: "vnc", type: "novnc" } };
    const { json } = session.send("nova", "POST", `/servers/${id}/remote-consoles`, { version: 93, body });
    const url = new URL(String(memberOf(json, "remote_console.url")));
    const page = session.cloud.openstack.services.nova.receive(makeRequest("GET", `${url.pathname}${url.search}`));
    expect(JSON.stringify(page)).toContain("is simulated");
    const log = session.send("nova", "POST", `/servers/${id}/action`, { body: { "os-getConsoleOutput": {} } });
    expect(String(memberOf(log.json, "output"))).toMatch(/Linux version[\s\S]*web login: $/);
  });
});
