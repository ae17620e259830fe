import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { serviceOf } from "../spi/services/services.ts";
import { optionalObject, requiredText } from "./fields.ts";
import { checkMaintenance, checkOffer, findOffering, findPlan, instanceParameters } from "./offering.ts";
import { statusOf } from "./testing.ts";

const postgresql = serviceOf("postgresql");
const redis = serviceOf("redis");

/** The status for one parameter of a service. */
const status = (service: typeof redis, parameters: unknown): number | undefined =>
  statusOf(() => instanceParameters(service, parameters, "update"));

describe("parameters of an instance", () => {
  it.each([
    [undefined, undefined],
    [{ max_connections: 20 }, undefined],
    [{ max_connections: "20" }, 400],
    [{ max_connections: 20.5 }, 400],
    [{ superuser: true }, 400],
    [{ track_io_timing: "on" }, 400],
    [[], 400],
    ["text", 400],
  ])("%j of PostgreSQL are answered %s", (parameters, expected) => {
    expect(status(postgresql, parameters)).toBe(expected);
  });

  it.each([
    ["max_connections", 10, 1000],
    ["statement_timeout", 0, 2_147_483_647],
    ["temp_file_limit", -1, 2_147_483_647],
    ["max_disk_threshold", 0, 100],
  ])("bound %s by %i and %i, both included", (name, min, max) => {
    fc.assert(
      fc.property(fc.integer({ min: min - 3, max: max + 3 }), (value) => {
        // 0 is what the server takes for no temporary files at all.
        const isTaken = value >= min && value <= max && !(name === "temp_file_limit" && value === 0);
        expect(status(postgresql, { [name]: value })).toBe(isTaken ? undefined : 400);
      }),
    );
    for (const [value, expected] of [
      [min, undefined],
      [max, undefined],
      [min - 1, 400],
      [max + 1, 400],
    ] as const)
      expect(status(postgresql, { [name]: value })).toBe(expected);
    expect(status(postgresql, { temp_file_limit: 0 })).toBe(400);
  });

  it("are defined separately for each service", () => {
    expect(status(redis, { max_connections: 20 })).toBe(400);
    expect(status(redis, { maxmemory_policy: "allkeys-lru" })).toBeUndefined();
    expect(status(redis, { maxmemory_policy: "allkeys-fifo" })).toBe(400);
    expect(status(serviceOf("mongodb"), { max_disk_threshold: 70 })).toBeUndefined();
  });
});

describe("service, plan and maintenance of a request", () => {
  it("are those of the catalog", () => {
    const { offerings } = postgresql;
    const [first, second] = offerings;
    const [plan] = first?.plans ?? [];
    expect(findOffering(offerings, first?.id)).toBe(first);
    expect(statusOf(() => findOffering(offerings, redis.offerings[0]?.id))).toBe(400);
    expect(findPlan(offerings, plan?.id)).toBe(plan);
    expect(statusOf(() => findPlan(redis.offerings, plan?.id))).toBe(400);
    // A plan of another version is a plan of another service.
    expect(checkOffer(offerings, { service_id: first?.id, plan_id: plan?.id })).toBe(plan);
    expect(statusOf(() => checkOffer(offerings, { service_id: second?.id, plan_id: plan?.id }))).toBe(400);
    expect(statusOf(() => checkMaintenance({ version: "1.0.0", description: "x" }, "1.0.0"))).toBeUndefined();
    expect(statusOf(() => checkMaintenance({ version: "0.9.0" }, "1.0.0"))).toBe(422);
    expect(statusOf(() => checkMaintenance({}, "1.0.0"))).toBe(400);
    expect(statusOf(() => checkMaintenance(undefined, "1.0.0"))).toBeUndefined();
  });

  it("are text where text is required, and an object where an object is", () => {
    for (const value of [undefined, null, "", 1, {}]) expect(statusOf(() => requiredText(value, "x"))).toBe(400);
    for (const value of ["", 1, [], true]) expect(statusOf(() => optionalObject(value, "x"))).toBe(400);
    expect(optionalObject(null, "x")).toEqual({});
  });
});
