import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createTestConsul } from "../testing.ts";
import { readRules } from "./acl-rules.ts";
import { Authorizer } from "./acl-authorizer.ts";
import { aggregate } from "./health.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("a key", () => {
  it("is set by a check-and-set only at its current index", () => {
    const { http } = createTestConsul();
    expect(http("PUT", "/v1/kv/a?cas=0", "one").body).toBe(true);
    expect(http("PUT", "/v1/kv/a?cas=0", "two").body).toBe(false);
    const index = Number(http("GET", "/v1/kv/a").headers?.["X-Consul-Index"]);
    expect(http("PUT", `/v1/kv/a?cas=${index}`, "two").body).toBe(true);
    expect(http("PUT", `/v1/kv/a?cas=${index}`, "three").body).toBe(false);
    expect(http("GET", "/v1/kv/a?raw").body).toBe("two");
  });

  it("changes hands only once its holder has released it", () => {
    const { http } = createTestConsul();
    const [first, second] = ["one", "two"].map((Name) => {
      const { ID } = Object(http("PUT", "/v1/session/create", { Name }).body);
      return String(ID);
    });
    expect(http("PUT", `/v1/kv/lock?acquire=${first}`, "1").body).toBe(true);
    expect(http("PUT", `/v1/kv/lock?acquire=${second}`, "2").body).toBe(false);
    expect(http("PUT", `/v1/kv/lock?release=${second}`, "2").body).toBe(false);
    expect(http("PUT", `/v1/kv/lock?release=${first}`, "1").body).toBe(true);
    expect(http("PUT", `/v1/kv/lock?acquire=${second}`, "2").body).toBe(true);
  });
});

describe("a transaction", () => {
  const set = (Key: string, Index?: number) => ({
    KV: { Verb: Index === undefined ? "set" : "cas", Key, Value: base64(Key), ...(Index !== undefined && { Index }) },
  });

  test.prop([fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 5 }), fc.nat(5)], {
    numRuns: 30,
  })("leaves nothing behind when any of its operations fails", (keys, at) => {
    const { http } = createTestConsul();
    const operations = keys.map((key) => set(key));
    operations.splice(Math.min(at, keys.length), 0, set("never", 99));
    expect(http("PUT", "/v1/txn", operations).status).toBe(409);
    expect(http("GET", "/v1/kv/?keys").body).toEqual([]);
    expect(
      http(
        "PUT",
        "/v1/txn",
        keys.map((key) => set(key)),
      ).status,
    ).toBe(200);
    expect(http("GET", "/v1/kv/?keys").body).toEqual(keys.toSorted());
  });
});

describe("a session", () => {
  it("outlives its TTL, but not twice its TTL unless it is renewed", () => {
    const { http, kernel } = createTestConsul();
    const { ID } = Object(http("PUT", "/v1/session/create", { TTL: "10s" }).body);
    const exists = (): boolean => Object(http("GET", `/v1/session/info/${ID}`).body).length === 1;
    kernel.advanceTo(kernel.nowMs + 15_000);
    expect(exists()).toBe(true);
    http("PUT", `/v1/session/renew/${ID}`);
    kernel.advanceTo(kernel.nowMs + 15_000);
    expect(exists()).toBe(true);
    kernel.advanceTo(kernel.nowMs + 10_000);
    expect(exists()).toBe(false);
  });
});

describe("the health of several checks", () => {
  const status = fc.constantFrom("passing", "warning", "critical");
  const rank = ["passing", "warning", "critical"];

  test.prop([fc.array(status, { minLength: 1, maxLength: 6 })])("is the worst of them", (list) => {
    const worst = list.toSorted((a, b) => rank.indexOf(b) - rank.indexOf(a))[0];
    expect(aggregate(list.map((each, at) => ({ id: String(at), status: each })))).toBe(worst);
  });

  test.prop([fc.array(status, { maxLength: 6 })])("is maintenance if one of them says so", (list) => {
    const checks = [...list, "critical"].map((each, at) => ({ id: String(at), status: each }));
    expect(aggregate([...checks, { id: "_node_maintenance", status: "critical" }])).toBe("maintenance");
  });
});

describe("the rules of a token", () => {
  const may = (rules: string) => new Authorizer(readRules(rules), "deny");

  it("prefer an exact name to the longest prefix, and a longer prefix to a shorter one", () => {
    const authorizer = may(
      'key_prefix "" { policy = "read" } key_prefix "a/" { policy = "write" } key "a/b" { policy = "deny" }',
    );
    expect(["x", "a/x", "a/b"].map((key) => authorizer.writes("key", key))).toEqual([false, true, false]);
    expect(["x", "a/x", "a/b"].map((key) => authorizer.reads("key", key))).toEqual([true, true, false]);
  });

  it("allow a write to a whole tree only if nothing in it is denied", () => {
    const authorizer = may('key_prefix "a/" { policy = "write" } key "a/b" { policy = "read" }');
    expect([authorizer.writesUnder("a/"), authorizer.writesUnder("a/c")]).toEqual([false, true]);
  });

  it.each(['key "a" {', "key", 'key "a" { policy = "fly" }', "operator = maybe"])("refuse %j", (rules) => {
    expect(() => readRules(rules)).toThrow(/Failed to parse ACL rules|Invalid/);
  });
});
