import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Broker, createBroker } from "../broker.ts";
import { embeddedPool } from "../store/embedded.ts";
import { FakeHost, TEST_CONFIG } from "../testing.ts";

const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

describe("a broker whose password is guessed", () => {
  let broker: Broker;
  let waits: (() => void)[];

  beforeEach(async () => {
    waits = [];
    const host = new FakeHost();
    host.waitMs = () => new Promise((resolve) => waits.push(resolve));
    broker = await createBroker(TEST_CONFIG, host, { pool: embeddedPool() });
  });
  afterEach(() => broker.stop());

  const ask = (authorization?: string, remoteAddress = "10.0.0.1", url = "/v2/catalog") =>
    broker.app.inject({
      url,
      remoteAddress,
      headers: { "x-broker-api-version": "2.17", ...(authorization !== undefined && { authorization }) },
    });
  const guesses = async (count: number): Promise<void> => {
    for (let made = 0; made < count; made++) expect((await ask(basic("platform", `${made}`))).statusCode).toBe(401);
  };

  it("answers late, then refuses for a while, and says when to come back", async () => {
    await guesses(30);
    const late = Array.from({ length: 4 }, () => ask(basic("platform", "again")));
    await expect.poll(() => waits.length).toBe(4);
    const refused = await ask(basic("platform", "once more"));
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "4"]);
    expect(refused.json()).toEqual({ description: expect.any(String) });
    for (const wake of waits) wake();
    expect((await Promise.all(late)).map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401]);
    expect((await ask(basic("platform", "platform-secret"))).statusCode).toBe(200);
  });

  it("admits whoever knows the password, and clients at other addresses, at once", async () => {
    await guesses(30);
    const late = ask(basic("platform", "again"));
    await expect.poll(() => waits.length).toBe(1);
    expect((await ask(basic("platform", "platform-secret"))).statusCode).toBe(200);
    expect((await ask(basic("platform", "wrong"), "10.0.0.2")).statusCode).toBe(401);
    expect((await ask(basic("operator", "operator-secret"), "10.0.0.1", "/instances")).statusCode).toBe(200);
    for (const wake of waits) wake();
    expect((await late).statusCode).toBe(401);
  });

  it("does not count requests without a password", async () => {
    for (let made = 0; made < 100; made++)
      for (const nothing of [undefined, "Basic", "Bearer platform-secret", "Basic !!!"])
        expect((await ask(nothing)).statusCode).toBe(401);
    expect(waits).toEqual([]);
  });
});
