import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { managersOf } from "./config.ts";
import { createLog } from "./log.ts";
import { readSettings } from "./settings.ts";
import { TEST_CONFIG } from "./testing.ts";

const folder = mkdtempSync(join(tmpdir(), "broker-settings-"));
const file = (content: string): string => {
  const path = join(folder, "broker.yml");
  writeFileSync(path, content);
  return path;
};
const whole = (change: object = {}): string => file(JSON.stringify({ ...TEST_CONFIG, ...change }));

afterAll(() => rmSync(folder, { recursive: true }));

describe("the settings of a process", () => {
  it("come from a file", () => {
    expect(readSettings(whole(), {})).toEqual({ broker: TEST_CONFIG, listen: { host: "127.0.0.1", port: 3000 } });
  });

  it("come first from the environment, which other clients share", () => {
    const environment = {
      BROKER_SERVICE: "redis",
      BROKER_LISTEN: "127.64.0.9:0",
      BROKER_PASSWORD: "another",
      BROKER_APPLICATION_CIDRS: "10.1.0.0/16, 10.2.0.0/16",
      BROKER_PACE: "0.5",
      BOSH_ENVIRONMENT: "10.0.0.6",
      CONSUL_HTTP_ADDR: "10.0.0.10:8500",
      DATABASE_URL: "postgres://u:p@db/broker",
    };
    const { broker, listen, databaseUrl } = readSettings(whole(), environment);
    expect(broker).toMatchObject({
      service: "redis",
      credentials: { username: "platform", password: "another" },
      applicationCidrs: ["10.1.0.0/16", "10.2.0.0/16"],
      pace: 0.5,
      director: { url: "https://10.0.0.6:25555" },
      consul: { url: "http://10.0.0.10:8500" },
    });
    expect([listen, databaseUrl]).toEqual([{ host: "127.64.0.9", port: 0 }, "postgres://u:p@db/broker"]);
  });

  it("assume that it manages instances from where it listens, unless they say otherwise", () => {
    const managers = (content: object, environment: Readonly<Record<string, string>>): unknown => {
      const { managementCidrs: _, ...rest } = TEST_CONFIG;
      const { broker } = readSettings(file(JSON.stringify({ ...rest, ...content })), environment);
      return managersOf(broker);
    };
    expect(managers({}, { BROKER_LISTEN: "127.64.0.9:0" })).toEqual(["127.64.0.9/32"]);
    expect(managers({}, {})).toEqual(["127.0.0.1/32"]);
    expect(managers({ address: { name: "b", ip: "10.0.0.18", port: 3000 } }, {})).toEqual(["10.0.0.18/32"]);
    expect(managers({}, { BROKER_MANAGEMENT_CIDRS: "10.1.0.1/32, 10.1.0.2/32" })).toEqual([
      "10.1.0.1/32",
      "10.1.0.2/32",
    ]);
  });

  it.each([
    ["CONFIG_NO_FILE", () => join(folder, "none.yml")],
    ["CONFIG_NOT_YAML", () => file("a: [")],
    ["CONFIG_NOT_YAML", () => file("text")],
    ["CONFIG_INVALID", () => whole({ service: "oracle" })],
    ["CONFIG_INVALID", () => whole({ servise: "redis" })],
    ["CONFIG_INVALID", () => whole({ director: { url: "ftp://x", client: "a", clientSecret: "b" } })],
    ["CONFIG_INVALID", () => whole({ databaseUrl: "mysql://x" })],
    ["CONFIG_BAD_KEY", () => whole({ encryptionKey: "short" })],
    ["CONFIG_BAD_KEY", () => whole({ readingKeys: ["0f".repeat(32), "short"] })],
    ["CONFIG_BAD_DATABASE", () => whole({ databaseUrl: "postgres://u:p@a,/d" })],
    ["CONFIG_BAD_TLS", () => whole({ tls: { cert: "-----BEGIN nothing", key: "-----BEGIN nothing" } })],
    ["CONFIG_BAD_TLS", () => whole({ tls: { cert: join(folder, "none.pem"), key: "-----BEGIN nothing" } })],
    ["CONFIG_INVALID", () => whole({ leaseMs: 1 })],
    ["CONFIG_INVALID", () => whole({ tracesUrl: "collector" })],
    ["CONFIG_BAD_CIDR", () => whole({ applicationCidrs: ["everybody"] })],
    ["CONFIG_BAD_CIDR", () => whole({ applicationCidrs: ["10.0.0.300/24"] })],
    ["CONFIG_BAD_CIDR", () => whole({ managementCidrs: ["10.0.0.1"] })],
    ["CONFIG_INVALID", () => whole({ managementCidrs: [] })],
    ["CONFIG_BAD_LISTEN", () => whole({ listen: "0.0.0.0:3000" })],
    ["CONFIG_BAD_LISTEN", () => whole({ listen: "127.0.0.1" })],
  ])("that are wrong are refused in one line: %s", (code, path) => {
    expect(() => readSettings(path(), {})).toThrow(new RegExp(`^${code}: .+$`));
  });
});

describe("the log", () => {
  it("leaves out the secrets of the settings and those that the broker draws", () => {
    const lines: string[] = [];
    const databaseUrl = "postgres://u:db-secret@db,standby/broker";
    const settings = readSettings(whole({ databaseUrl, readingKeys: ["0e".repeat(32)] }), {});
    const log = createLog(settings, (line) => lines.push(line));
    const { credentials, admin, director, openstack, encryptionKey } = TEST_CONFIG;
    const secrets = [
      credentials.password,
      admin.password,
      director.clientSecret,
      openstack.password,
      encryptionKey,
      "db-secret",
      databaseUrl,
      "0e".repeat(32),
      "ab".repeat(32),
    ];
    log("operation.failed", { why: `it said ${secrets.join(" and ")}`, operation: "5d3b1c10-0000-4000" });
    expect(lines).toHaveLength(1);
    for (const secret of secrets) expect(lines[0]).not.toContain(secret);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ event: "operation.failed", operation: "5d3b1c10-0000-4000" });
  });
});
