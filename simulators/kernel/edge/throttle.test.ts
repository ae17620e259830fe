import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineService, type HttpReply, json, Kernel, makeRequest } from "../index.ts";
import { WallDriver } from "./drive.ts";
import { serve } from "./serve.ts";
import { FREE_MAX, PasswordThrottle, PAUSE_MS, WAITING_MAX } from "./throttle.ts";

const password = makeRequest("GET", "/info", { headers: { authorization: "Basic YTpi" } });
const wrong: HttpReply = { status: 401 };

/** A throttle on a clock that the test moves. */
function createThrottle(): { readonly throttle: PasswordThrottle; readonly pass: (ms: number) => void } {
  let nowMs = 0;
  const throttle = new PasswordThrottle(() => nowMs);
  return { throttle, pass: (ms) => void (nowMs += ms) };
}

describe("the throttle of passwords", () => {
  it("checks only a few wrong passwords in any period, however fast they come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 * PAUSE_MS), { minLength: 1, maxLength: 200 }), (gapsMs) => {
        const { throttle, pass } = createThrottle();
        let [looked, passedMs] = [0, 0];
        for (const gapMs of gapsMs) {
          pass(gapMs);
          passedMs += gapMs;
          if (throttle.refusalOf(password) !== undefined) continue;
          looked++;
          throttle.pauseMsFor(password, wrong);
        }
        expect(looked).toBeLessThanOrEqual(FREE_MAX + WAITING_MAX + 1 + Math.ceil(passedMs / PAUSE_MS));
      }),
    );
  });

  it("answers the first wrong passwords at once, and each later one a pause after the one before", () => {
    const { throttle } = createThrottle();
    const pauses = Array.from({ length: FREE_MAX + 3 }, () => throttle.pauseMsFor(password, wrong));
    expect(pauses).toEqual([...Array<number>(FREE_MAX).fill(0), PAUSE_MS, 2 * PAUSE_MS, 3 * PAUSE_MS]);
  });

  it("refuses to check more while many wait, says when to retry, and checks again then", () => {
    const { throttle, pass } = createThrottle();
    while (throttle.refusalOf(password) === undefined) throttle.pauseMsFor(password, wrong);
    const refusal = throttle.refusalOf(password);
    expect(refusal).toMatchObject({ status: 429, headers: { "Retry-After": "1" } });
    pass(PAUSE_MS);
    expect(throttle.refusalOf(password)).toBeUndefined();
  });

  it.each([
    ["a right password", password, { status: 200 }],
    ["a token", makeRequest("GET", "/info", { headers: { authorization: "Bearer x" } }), wrong],
    ["nothing", makeRequest("GET", "/info"), wrong],
    ["a token of Keystone", makeRequest("GET", "/v3/auth/tokens", { headers: { "x-auth-token": "x" } }), wrong],
  ])("never delays a request with %s", (_name, request, reply) => {
    const { throttle } = createThrottle();
    for (let each = 0; each < 100; each++) expect(throttle.pauseMsFor(request, reply)).toBe(0);
    expect(throttle.refusalOf(password)).toBeUndefined();
  });

  it.each(["/v3/auth/tokens", "/v3/users/1/password", "/oauth/token"])("counts requests to %s", (path) => {
    const { throttle } = createThrottle();
    const login = makeRequest("POST", path, { body: "{}" });
    for (let each = 0; each < FREE_MAX; each++) throttle.pauseMsFor(login, wrong);
    expect(throttle.pauseMsFor(login, wrong)).toBe(PAUSE_MS);
  });
});

describe("a listener with a throttle", () => {
  it("delays a burst of wrong passwords and refuses the rest unchecked, but never delays a request with a token", async () => {
    const kernel = new Kernel();
    const driver = new WallDriver(kernel);
    let looked = 0;
    const service = defineService({
      name: "locked",
      kernel,
      sim: undefined,
      routes: [],
      before: (_sim, request) => {
        if (request.headers.authorization === "Bearer right") return undefined;
        looked++;
        return json(401, {});
      },
      unmatched: () => json(200, {}),
    });
    const throttle = new PasswordThrottle(() => 0);
    const served = await serve(service, driver, { host: "127.0.0.1", port: 0, throttle });
    const ask = async (authorization: string): Promise<number> =>
      (await fetch(served.url, { headers: { authorization } })).status;
    const lookedMax = FREE_MAX + WAITING_MAX + 1;
    const answers: { readonly status: number; readonly afterMs: number }[] = [];
    const of = (status: number) => answers.filter((answer) => answer.status === status);
    const startMs = performance.now();
    const firstHeld = Promise.withResolvers<void>();
    const attempts = Array.from({ length: 2 * lookedMax }, async () => {
      const status = await ask("Basic YTpi");
      answers.push({ status, afterMs: performance.now() - startMs });
      if (of(401).length > FREE_MAX && of(429).length === lookedMax) firstHeld.resolve();
    });
    await firstHeld.promise;
    expect(looked).toBe(lookedMax);
    // Timers may be early by a millisecond.
    expect(of(401)[FREE_MAX]?.afterMs).toBeGreaterThanOrEqual(PAUSE_MS - 1);
    expect(await ask("Bearer right")).toBe(200);
    await served.close();
    driver.stop();
    await Promise.allSettled(attempts);
  });
});
