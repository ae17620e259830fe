import { describe, expect, it } from "vitest";
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
