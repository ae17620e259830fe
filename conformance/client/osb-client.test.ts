import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Offer } from "./catalog.ts";
import { type RawRequest, type RawResponse, TransportError } from "./http/transport.ts";
import { Ledger } from "./ledger.ts";
import { OsbClient } from "./osb-client.ts";
import { retryAfterMs } from "./polling.ts";
import type { ClientSettings } from "./settings.ts";
import { parseTarget } from "./target.ts";

const service = { id: "s1", name: "db", raw: {} };
const plans = ["small", "large"].map((name) => ({ id: name, name, raw: {} }));
const offer: Offer = { service: { ...service, plans }, plan: { id: "small", name: "small", raw: {} } };

type Reply = { readonly status: number; readonly body?: object; readonly headers?: Record<string, string> } | "silence";

/** A client of a broker with scripted answers, on a clock that advances only while somebody waits. */
function clientOf(answer: (request: RawRequest, nth: number) => Reply, more: Partial<ClientSettings> = {}) {
  const requests: RawRequest[] = [];
  const waitsMs: number[] = [];
  let nowMs = Date.UTC(2026, 0, 1);
  let ids = 0;
  const settings: ClientSettings = {
    target: parseTarget({ url: "http://broker.test/base/", username: "u", password: "p" }),
    transport: async (request): Promise<RawResponse> => {
      requests.push(request);
      const reply = answer(request, requests.length);
      if (reply === "silence") throw new TransportError("reset", "gone");
      return {
        status: reply.status,
        headers: reply.headers ?? {},
        body: Buffer.from(JSON.stringify(reply.body ?? {})),
      };
    },
    clock: {
      nowMs: () => nowMs,
      sleepMs: async (ms) => {
        waitsMs.push(ms);
        nowMs += ms;
      },
    },
    minor: 17,
    newId: () => `id-${++ids}`,
    operationMsMax: 10_000,
    pollMsMin: 20,
    pollMsMax: 2_000,
    cleanupMsMax: 30_000,
    ...more,
  };
  const ledger = new Ledger();
  const lines = () => requests.map(({ method, url }) => `${method} ${url.replace("http://broker.test/base", "")}`);
  return { client: new OsbClient(settings, ledger), ledger, requests, waitsMs, lines };
}

const isPoll = ({ url }: RawRequest): boolean => url.includes("last_operation");

describe("a client of the broker", () => {
  it("sends version, identity and credentials below the base path", async () => {
    const { client, requests } = clientOf(() => ({ status: 200 }));
    await client.send("catalog");
    expect(requests[0]).toMatchObject({
      url: "http://broker.test/base/v2/catalog",
      headers: { "X-Broker-API-Version": "2.17", "X-Broker-API-Request-Identity": "id-1", Authorization: "Basic dTpw" },
    });
  });

  it("records what it may create before it requests it, and removes it in reverse order", async () => {
    const { client, ledger, lines } = clientOf(({ method }) => ({ status: method === "PUT" ? 201 : 200 }));
    await client.provision(offer, "i1");
    await client.bind(offer, "i1", "b1");
    await ledger.clean();
    expect(lines().map((line) => line.split("?")[0])).toEqual([
      "PUT /v2/service_instances/i1",
      "PUT /v2/service_instances/i1/service_bindings/b1",
      "DELETE /v2/service_instances/i1/service_bindings/b1",
      "DELETE /v2/service_instances/i1",
    ]);
    expect(ledger.leftBehind()).toEqual([]);
  });

  it("lists what it could not remove, each with the command that removes it", async () => {
    const { client, ledger } = clientOf(({ method }) => ({ status: method === "DELETE" ? 500 : 201 }));
    await client.provision(offer, "i1");
    await ledger.clean();
    expect(ledger.leftBehind()).toEqual([
      { kind: "instance", id: "i1", curl: expect.stringMatching(/^curl .*DELETE .*i1\?service_id=s1&plan_id=small/) },
    ]);
  });

  it("looks again for an instance after its creation got no answer, though it is not there yet", async () => {
    const { client, ledger, lines } = clientOf(({ method }) => (method === "PUT" ? "silence" : { status: 410 }));
    await expect(client.provision(offer, "i1")).rejects.toThrow("gone");
    await ledger.clean();
    expect(lines().filter((line) => line.startsWith("DELETE"))).toHaveLength(3);
  });

  it("deletes an instance with the plan that it has reached, and tries another one at the next attempt", async () => {
    const { client, lines } = clientOf(() => ({ status: 200 }));
    client.recordInstance(offer, "i1");
    await client.send("update", { instanceId: "i1", body: { plan_id: "large" } });
    expect(client.deletionOf(offer, "i1")["plan_id"]).toBe("large");
    expect(client.deletionOf(offer, "i1", 1)["plan_id"]).toBe("small");
    await client.send("update", { instanceId: "i1", body: { plan_id: "none" }, intent: "bad" });
    expect(client.deletionOf(offer, "i1", 2)["plan_id"]).toBe("large");
    expect(lines()).toHaveLength(2);
  });

  it("retries after a 429, as late as the broker wants, and gives up after five times", async () => {
    const busy = clientOf((_, nth) => (nth < 3 ? { status: 429, headers: { "retry-after": "7" } } : { status: 200 }));
    expect((await busy.client.send("catalog")).status).toBe(200);
    expect(busy.waitsMs).toEqual([7_000, 7_000]);
    const closed = clientOf(() => ({ status: 429 }));
    await expect(closed.client.send("catalog")).rejects.toMatchObject({ fault: "throttled" });
    expect(closed.requests).toHaveLength(5);
  });

  it("polls as Retry-After says, otherwise less and less often, until the operation has ended", async () => {
    const states = [{ state: "in progress" }, { state: "in progress" }, { state: "succeeded" }];
    let polls = 0;
    const { client, waitsMs } = clientOf((request) => {
      if (!isPoll(request)) return { status: 202, body: { operation: "op" } };
      const body = states[polls++] ?? {};
      return { status: 200, body, headers: polls === 2 ? { "retry-after": "5" } : {} };
    });
    const ended = await client.settle(offer, await client.provision(offer, "i1"));
    expect([ended.state, ended.polls.length, waitsMs]).toEqual(["succeeded", 3, [20, 5_000]]);
    expect(ended.polls[0]?.query).toEqual({ service_id: "s1", plan_id: "small", operation: "op" });
  });

  it.each([
    ["provision", 410, "failed"],
    ["deprovision", 410, "gone"],
    ["deprovision", 404, "gone"],
    ["provision", 404, "failed"],
  ] as const)("takes the poll of a %s that is answered %i for %s", async (operation, status, state) => {
    const { client } = clientOf((request) => ({ status: isPoll(request) ? status : 202 }));
    const answer = await client.send(operation, { instanceId: "i1", body: {} });
    expect((await client.settle(offer, answer)).state).toBe(state);
  });

  it("stops waiting for operations of one kind on a plan once two in a row did not end in time", async () => {
    let pollsOfFirst = 0;
    const { client, waitsMs } = clientOf((request) => {
      if (!isPoll(request)) return { status: 202 };
      const hasEnded = request.url.includes("/i0/") && ++pollsOfFirst > 1;
      return { status: 200, body: { state: hasEnded ? "succeeded" : "in progress" } };
    });
    // Operations of another kind do end.
    expect((await client.settle(offer, await client.deprovision(offer, "i0"))).state).toBe("succeeded");
    const polls: number[] = [];
    for (const id of ["i1", "i2", "i3"]) {
      const ended = await client.settle(offer, await client.provision(offer, id));
      expect(ended.state).toBe("timed-out");
      polls.push(ended.polls.length);
    }
    expect(polls.map((count) => count > 1)).toEqual([true, true, false]);
    const waited = waitsMs.length;
    await client.settle(offer, await client.bind(offer, "i1", "b1"));
    expect(waitsMs.length).toBeGreaterThan(waited);
  });

  it("waits for only one operation of a kind and plan once two have timed out and none has ever ended", async () => {
    const { client } = clientOf((request) =>
      isPoll(request) ? { status: 200, body: { state: "in progress" } } : { status: 202 },
    );
    await client.settle(offer, await client.provision(offer, "i1"));
    await client.settle(offer, await client.bind(offer, "i1", "b1"));
    const third = await client.settle(offer, await client.provision(offer, "i2"));
    expect([third.state, third.polls.length]).toEqual(["timed-out", 1]);
  });

  it.each([{ status: "succeeded" }, { state: "done" }, {}])(
    "stops polling an operation if a poll is answered %j",
    async (body) => {
      const { client, requests } = clientOf((request) => (isPoll(request) ? { status: 200, body } : { status: 202 }));
      expect((await client.settle(offer, await client.provision(offer, "i1"))).state).toBe("unreadable");
      expect(requests).toHaveLength(2);
    },
  );

  it("tolerates 5xx answers to polls for a while, but not for as long as an operation may take", async () => {
    let polls = 0;
    const starting = clientOf((request) => {
      if (!isPoll(request)) return { status: 202 };
      return ++polls < 9 ? { status: 502 } : { status: 200, body: { state: "succeeded" } };
    });
    expect((await starting.client.settle(offer, await starting.client.provision(offer, "i1"))).state).toBe("succeeded");
    const broken = clientOf((request) => ({ status: isPoll(request) ? 500 : 202 }), { operationMsMax: 3_600_000 });
    expect((await broken.client.settle(offer, await broken.client.provision(offer, "i1"))).state).toBe("unreadable");
    expect(broken.waitsMs.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(20_000);
  });

  it("unbinds without accepts_incomplete before 2.14, even to clean up", async () => {
    const { client, ledger, lines } = clientOf(() => ({ status: 200 }), { minor: 13 });
    await client.provision(offer, "i1");
    await client.bind(offer, "i1", "b1");
    await client.unbind(offer, "i1", "b2");
    await ledger.clean();
    const deletions = lines().filter((line) => line.startsWith("DELETE"));
    expect(deletions.map((line) => line.includes("accepts_incomplete"))).toEqual([false, false, true]);
  });

  it("sends only clean-up once the run is out of time", async () => {
    const { client, ledger, lines } = clientOf(() => ({ status: 200 }), { deadlineMs: Date.UTC(2026, 0, 1) + 1_000 });
    await client.provision(offer, "i1");
    await client.settings.clock.sleepMs(1_000);
    await expect(client.send("catalog")).rejects.toMatchObject({ fault: "out-of-time" });
    await ledger.clean();
    expect(lines().map((line) => line.split(" ")[0])).toEqual(["PUT", "DELETE"]);
  });
});

describe("the wait that Retry-After asks for", () => {
  it("is never negative and never longer than a minute, whatever the header says", () => {
    const values = fc.oneof(
      fc.nat().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
      fc.string(),
    );
    fc.assert(
      fc.property(values, (value) => {
        const ms = retryAfterMs({ headers: { "retry-after": value } }, Date.UTC(2026, 0, 1));
        if (ms !== undefined) expect([ms >= 0, ms <= 60_000]).toEqual([true, true]);
      }),
    );
  });

  it("is in seconds, or until a date", () => {
    const at = (value: string) => retryAfterMs({ headers: { "retry-after": value } }, Date.UTC(2026, 0, 1));
    expect([at("3"), at("Thu, 01 Jan 2026 00:00:09 GMT"), at("soon")]).toEqual([3_000, 9_000, undefined]);
  });
});
