import { describe, expect, it } from "vitest";
import { DRIVERS } from "../suites/backup/interface.ts";
import { unknownNames } from "../runner/stray-names.ts";
import { parseDrydockFile } from "./drydock-file.ts";

const refusal = (text: string): string => {
  try {
    parseDrydockFile(text);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "accepted";
};

describe("the part backup of drydock.yml", () => {
  it("is absent when it is absent", () => {
    expect(parseDrydockFile("").backup).toBeUndefined();
  });

  it("begins with a driver and changes what is named", () => {
    const { backup } = parseDrydockFile(`
backup:
  url: https://backups.example.com/
  headers: { Authorization: Basic abc }
  create: { method: POST, path: /backups, body: { instance_guid: "{instance}" } }
  getRestore: GET /restores/{restore}
  id: backup_id
  states: { Fertig: succeeded }
`);
    expect(backup).toEqual({
      ...DRIVERS["a9s"],
      name: "a9s (drydock.yml)",
      url: "https://backups.example.com",
      headers: { Authorization: "Basic abc" },
      create: { method: "POST", path: "/backups", body: { instance_guid: "{instance}" } },
      getRestore: { method: "GET", path: "/restores/{restore}" },
      id: ["backup_id"],
      states: { ...DRIVERS["a9s"]?.states, fertig: "succeeded" },
    });
  });

  it.each([
    ["backup: 5", '"backup" is not a mapping'],
    ["backup: { drivers: a9s }", 'unknown key "backup.drivers"'],
    ["backup: { driver: mine }", '"backup.driver" must be one of extension, a9s'],
    ["backup: { url: ftp://x }", '"backup.url" must be an http or https URL'],
    ["backup: { url: here }", '"backup.url" must be an http or https URL'],
    ["backup: { create: here }", '"backup.create" must be a method and a path'],
    ["backup: { create: { method: POST, path: /x, query: y } }", 'unknown key "backup.create.query"'],
    ["backup: { states: { ok: fine } }", '"backup.states.ok" must be one of queued'],
    ["backup: { headers: { A: 5 } }", '"backup.headers.A" must be a text'],
    ["backup: { id: [a] }", '"backup.id" must be a text'],
  ])("refuses %s", (text, why) => {
    expect(refusal(text)).toContain(`drydock.yml: ${why}`);
    expect(refusal(text)).toContain("[bad-file]");
  });
});

describe("the part data of drydock.yml", () => {
  it("says how data services are reached", () => {
    const { data } = parseDrydockFile(`
data:
  dns: 127.0.0.1:8600
  source: 10.0.0.5
  stranger: "::1"
  tenant: 10.0.1.7
  ports: [3100, 2822]
  credentials:
    my-db: { client: postgresql, host: hosts.0 }
`);
    expect(data).toEqual({
      dns: "127.0.0.1:8600",
      source: "10.0.0.5",
      outsider: "::1",
      tenant: "10.0.1.7",
      ports: [3100, 2822],
      credentials: { "my-db": { client: "postgresql", host: "hosts.0" } },
    });
  });

  it.each([
    ["data: { dns: localhost }", '"data.dns" must be an address of a DNS server'],
    ["data: { dns: '127.0.0.1:99999' }", '"data.dns" must be an address of a DNS server'],
    ["data: { source: eth0 }", '"data.source" must be an IP address'],
    ["data: { tenant: neighbour }", '"data.tenant" must be an IP address'],
    ["data: { ports: 3100 }", '"data.ports" must be a list of port numbers'],
    ["data: { ports: [agent] }", '"data.ports" must be a list of port numbers'],
    ["data: { ports: [0] }", '"data.ports" must be a list of port numbers'],
    ["data: { ports: [65536] }", '"data.ports" must be a list of port numbers'],
    ["data: { resolver: x }", 'unknown key "data.resolver"'],
    ["data: { credentials: { a: { client: redis } } }", '"data.credentials.a.client" must be postgresql'],
    ["data: { credentials: { a: { hostname: x } } }", 'unknown key "data.credentials.a.hostname"'],
    ["data: { credentials: { a: { port: 5432 } } }", '"data.credentials.a.port" must be a text'],
  ])("refuses %s", (text, why) => {
    expect(refusal(text)).toContain(`drydock.yml: ${why}`);
  });
});

describe("names that the catalog has not", () => {
  const plan = { id: "p1", name: "small", raw: {} };
  const services = [{ id: "s1", name: "my-db", raw: {}, plans: [plan] }];

  it("are told, with those that may be meant", () => {
    const file = parseDrydockFile(`
      parameters: { my-bd: { small: {} }, my-db: { smal: {}, p1: {} }, "*": { large: {} } }
      data: { credentials: { mydb: { host: host } } }`);
    expect(unknownNames(file, services)).toEqual([
      "drydock.yml: parameters.my-bd: the catalog has no such service; nearest: my-db",
      "drydock.yml: parameters.my-db.smal: the catalog has no such plan; nearest: small",
      "drydock.yml: parameters.*.large: the catalog has no such plan",
      "drydock.yml: data.credentials.mydb: the catalog has no such service; nearest: my-db",
    ]);
  });
});
