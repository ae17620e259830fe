import { beforeAll, describe, expect, it } from "vitest";
import { defineService, json, Kernel, makeRequest, type Route } from "../kernel/index.ts";
import { attack } from "./campaign.ts";
import { Pool } from "./pool.ts";
import type { Target } from "./target.ts";
import { type AttackedWorld, openTargets } from "./targets.ts";

const SEED = 1;
/** A part of what `npm run fuzz` sends; each route is asked at least once. */
const PART = { seed: SEED, rounds: 1, sweepShare: 0.1, nowMs: () => performance.now() };
const OPENSTACK = ["keystone", "nova", "cinder", "neutron", "glance", "swift", "designate", "octavia"];
const NAMES = [...OPENSTACK, "bosh", "uaa", "consul", "dataservice-agent", "control"];

describe("no request stops the cloud", { timeout: 300_000 }, () => {
  let attacked: AttackedWorld;
  beforeAll(async () => {
    attacked = await openTargets(SEED);
  });
  const targetOf = (name: string): Target => attacked.targets.find((each) => each.name === name) as Target;

  it("the fuzzer attacks every API", () => {
    expect(attacked.targets.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)("%s answers each request in its own envelope, and keeps working", async (name) => {
    const target = targetOf(name);
    const { findings, reached, requests } = await attack(target, PART);
    expect(findings).toEqual([]);
    expect(requests).toBeGreaterThanOrEqual(target.service.routes.length);
    expect(reached / requests).toBeGreaterThan(target.reachMin);
  });

  it.each(NAMES)("%s still answers an ordinary request afterwards, and its world is still plain data", (name) => {
    const { service, kernel, pathOf, caller, origin, pool } = targetOf(name);
    const path = service.routes.find((route) => route.method === "GET" && !route.path.includes(":"))?.path ?? "/";
    const headers = caller({ pick: <T>(list: readonly T[]) => list[0] as T, chance: () => false } as never);
    const answered = service.receive(makeRequest("GET", pathOf?.(path) ?? path, { headers, origin }));
    expect("status" in answered ? answered.status : 200).toBeLessThan(500);
    expect(kernel.journal.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(pool).toBeDefined();
  });

  it("the laws can still be checked afterwards", () => {
    expect(Array.isArray(attacked.laws())).toBe(true);
  });
});

describe("the attack", () => {
  const route = (path: string, handler: Route<null>["handler"]): Route<null> => ({ method: "GET", path, handler });
  const target = (...routes: readonly Route<null>[]): Target => {
    const kernel = new Kernel({ seed: 1 });
    const service = defineService<null>({
      name: "frail",
      kernel,
      sim: null,
      routes,
      unmatched: () => json(404, { error: "no route" }),
    });
    return {
      name: "frail",
      kernel,
      service,
      samples: [],
      pool: new Pool(),
      variables: new Map(),
      origin: "http://127.0.0.1",
      caller: () => ({}),
      realFailures: [],
      reachMin: 0,
    };
  };
  const findKinds = async (frail: Route<null>): Promise<readonly string[]> => {
    const { findings } = await attack(target(frail), { seed: 1, rounds: 30, sweepShare: 1, nowMs: () => 0 });
    return findings.map(({ what }) => what.split(":")[0] ?? "");
  };

  it.each<readonly [string, Route<null>["handler"], string]>([
    [
      "a handler that throws",
      () => {
        throw new TypeError("null has no members");
      },
      "crash",
    ],
    ["an unexpected 500", () => json(500, { error: "oh" }), "500 without a source"],
    ["a framework's own answer", () => json(400, { statusCode: 400, error: "Bad Request" }), "the framework shows"],
    ["an answer that can't be written", () => json(200, { size: 1n }), "unwritable"],
  ])("finds %s", async (_what, handler, expected) => {
    expect(await findKinds(route("/", handler))).toContain(expected);
  });

  it("finds a request that breaks the world later", async () => {
    const world = target(
      route("/", () => {
        world.kernel.schedule(1, () => {
          throw new Error("late");
        });
        return json(200, {});
      }),
    );
    const { findings } = await attack(world, { seed: 1, rounds: 60, sweepShare: 0, nowMs: () => 0 });
    expect(findings.map(({ what }) => what)).toContainEqual(expect.stringContaining("later: Error: late"));
  });
});
