import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NameServer } from "./dns/index.ts";
import { buildQuery, readReply } from "./dns/parity/message.ts";
import { NAMESERVER } from "./openstack/index.ts";
import { TwoProjectCloud } from "./openstack/testing.ts";
import { createZoneServer } from "./dns/index.ts";
import { PublishedZones } from "./zones.ts";

const ADDRESS = "127.64.250.11";

let cloud: TwoProjectCloud;
let server: NameServer;

beforeEach(async () => {
  cloud = await TwoProjectCloud.open({}, 1);
  const { kernel } = cloud;
  const zones = new PublishedZones(cloud.openstack, () => kernel.nowMs, NAMESERVER, ADDRESS);
  server = createZoneServer(kernel, {
    hosting: () => zones.hosting(),
    hostingBack: (ageMs) => zones.hostingBack(ageMs),
  });
});
afterEach(() => cloud.kernel.faults.disarm());

const ask = (question: string) => {
  const bytes = server.answer(buildQuery(question, 1, undefined), "udp");
  return bytes === undefined ? undefined : readReply(Buffer.from(bytes));
};
const dataOf = (question: string): unknown => ask(question)?.answer.map(({ data }) => data);

async function send(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>> {
  const reply = await cloud.call("A", method, "dns", path, body);
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body as Readonly<Record<string, unknown>>;
}

const PROPAGATION_MS = 60_000;
const propagate = (): void => cloud.kernel.advanceBy(PROPAGATION_MS);
const newZone = async (): Promise<string> =>
  String((await send("POST", "/zones", { name: "app.example.org.", email: "a@example.org", ttl: 60 })).id);

describe("a zone of Designate", () => {
  it("is served once it is active, and refused before and after", async () => {
    const id = await newZone();
    expect(ask("app.example.org. SOA")?.rcode).toBe("REFUSED");
    propagate();
    expect(ask("app.example.org. NS")?.answer).toMatchObject([{ data: NAMESERVER, ttl: 60 }]);
    expect(dataOf(`${NAMESERVER} A`)).toEqual([ADDRESS]);
    await send("DELETE", `/zones/${id}`);
    expect(ask("app.example.org. SOA")?.rcode).toBe("NOERROR");
    propagate();
    expect(ask("app.example.org. SOA")?.rcode).toBe("REFUSED");
  });

  it("has its recordsets with their TTLs, and a serial that grows with each change", async () => {
    const id = await newZone();
    propagate();
    const serial = (): number =>
      Number((ask("app.example.org. SOA")?.answer[0]?.data as { serial: number } | undefined)?.serial);
    const before = serial();
    const set = { name: "db.app.example.org.", type: "A", records: ["10.0.0.1", "10.0.0.2"], ttl: 7 };
    const recordset = await send("POST", `/zones/${id}/recordsets`, set);
    expect(recordset).toMatchObject({ status: "PENDING" });
    expect(ask("db.app.example.org. A")?.rcode).toBe("NXDOMAIN");
    propagate();
    expect(ask("db.app.example.org. A")?.answer).toMatchObject([
      { ttl: 7, data: "10.0.0.1" },
      { ttl: 7, data: "10.0.0.2" },
    ]);
    expect(serial()).toBeGreaterThan(before);
    await send("DELETE", `/zones/${id}/recordsets/${String(recordset.id)}`);
    propagate();
    expect(ask("db.app.example.org. A")?.rcode).toBe("NXDOMAIN");
  });

  it("stays as it was when its change is lost on the way, and may be answered from the past", async () => {
    const id = await newZone();
    propagate();
    cloud.kernel.faults.arm({ point: "designate:zone.update", effect: { kind: "error", message: "no" } });
    await send("POST", `/zones/${id}/recordsets`, { name: "a.app.example.org.", type: "A", records: ["10.0.0.1"] });
    propagate();
    expect(ask("a.app.example.org. A")?.rcode).toBe("NXDOMAIN");
    await send("POST", `/zones/${id}/recordsets`, { name: "b.app.example.org.", type: "A", records: ["10.0.0.2"] });
    propagate();
    expect(dataOf("b.app.example.org. A")).toEqual(["10.0.0.2"]);
    cloud.kernel.faults.arm({ point: "name-server:answer", effect: { kind: "stale", ageMs: PROPAGATION_MS + 1 } });
    expect(ask("b.app.example.org. A")?.rcode).toBe("NXDOMAIN");
    expect(dataOf("b.app.example.org. A")).toEqual(["10.0.0.2"]);
  });

  it.each([
    [{ rcode: "REFUSED" }, { rcode: "REFUSED", answer: [] }],
    [{ tc: true }, { flags: ["qr", "aa", "tc", "rd"] }],
    [{ ttl: 9 }, { answer: [{ ttl: 9 }] }],
    [{ question: "wrong" }, { question: ["xpp.example.org. NS IN"] }],
  ])("is answered wrongly when a fault says so: %j", async (body, expected) => {
    await newZone();
    propagate();
    const match = { question: "app.*", type: "NS", transport: "udp" };
    cloud.kernel.faults.arm({ point: "name-server:answer", match, effect: { kind: "reply", status: 200, body } });
    expect(ask("app.example.org. SOA")?.rcode).toBe("NOERROR");
    expect(ask("app.example.org. NS")).toMatchObject(expected);
    expect(ask("app.example.org. NS")?.answer).toMatchObject([{ ttl: 60 }]);
  });
});

describe("a floating address", () => {
  it("has the reverse name that its project gives it, until the project removes the name or loses the address", async () => {
    const made = await cloud.call("A", "POST", "network", "/floatingips", {
      floatingip: { floating_network_id: cloud.variables.get("ext") },
    });
    const { id, floating_ip_address: ip } = (made.body as { floatingip: Readonly<Record<string, string>> }).floatingip;
    const path = `/reverse/floatingips/RegionOne:${id}`;
    const reverse = `${String(ip).split(".").reverse().join(".")}.in-addr.arpa. PTR`;
    const named = await send("PATCH", path, { ptrdname: "db.app.example.org.", ttl: 30 });
    expect(named).toMatchObject({ ptrdname: "db.app.example.org.", ttl: 30, status: "PENDING", action: "CREATE" });
    expect(ask(reverse)?.rcode).toBe("REFUSED");
    propagate();
    expect(ask(reverse)?.answer).toMatchObject([{ ttl: 30, data: "db.app.example.org." }]);
    expect(await send("GET", path)).toMatchObject({ status: "ACTIVE", action: "NONE", address: ip });
    expect((await cloud.call("B", "GET", "dns", path)).status).toBe(404);
    await send("PATCH", path, { ptrdname: null });
    propagate();
    expect(ask(reverse)?.rcode).toBe("NXDOMAIN");
    expect(await send("GET", path)).toMatchObject({ ptrdname: null, ttl: null });
    await send("PATCH", path, { ptrdname: "a.example.org." });
    propagate();
    expect((await cloud.call("A", "DELETE", "network", `/floatingips/${id}`)).status).toBe(204);
    await send("GET", "/reverse/floatingips");
    propagate();
    expect(ask(reverse)?.rcode).toBe("NXDOMAIN");
  });
});
