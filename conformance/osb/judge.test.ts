import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fail, pass, warn } from "../runner/check.ts";
import {
  expectError,
  expectErrorOf422,
  expectStatus,
  expectStatusOrBusy,
  hasStatus,
  seenOf,
  unlessRefusedAnyway,
} from "./judge.ts";
import { answerWith } from "./testing/answers.ts";

const statuses = fc.integer({ min: 200, max: 599 });

describe("expectStatus", () => {
  it("passes on the good statuses, warns on the tolerated ones and fails on the rest", () => {
    fc.assert(
      fc.property(statuses, fc.array(statuses), fc.array(statuses), (status, good, tolerated) => {
        const { verdict } = expectStatus(answerWith(status), good, tolerated);
        const expected = good.includes(status) ? "pass" : tolerated.includes(status) ? "warn" : "fail";
        expect(verdict).toBe(expected);
      }),
    );
  });

  it("takes a class for each status in it, and for no other", () => {
    fc.assert(
      fc.property(statuses, fc.constantFrom("2xx" as const, "4xx" as const, "5xx" as const), (status, rule) => {
        expect(hasStatus({ status }, [rule])).toBe(String(status)[0] === rule[0]);
      }),
    );
  });

  it("shows the answer as evidence, and says what was expected and seen", () => {
    const answer = answerWith(500, { error: "Crashed" });
    expect(expectStatus(answer, [201, 202])).toMatchObject({
      expected: "PUT to be answered 201 or 202",
      seen: "500 with error Crashed",
      evidence: [answer],
    });
  });
});

describe("seenOf", () => {
  it("is short, however long the error code is", () => {
    expect(seenOf(answerWith(400, { error: "x".repeat(1_000) })).length).toBeLessThan(100);
  });
});

describe("error codes", () => {
  it.each([
    ["ConcurrencyError", "pass"],
    ["concurrencyerror", "fail"],
    ["ConcurrencyError ", "fail"],
    [undefined, "fail"],
    [5, "fail"],
  ])("%j in place of ConcurrencyError: %s", (error, verdict) => {
    const answer = answerWith(422, error === undefined ? {} : { error });
    expect(expectError(answer, "ConcurrencyError").verdict).toBe(verdict);
    expect(expectErrorOf422(answer, "ConcurrencyError").verdict).toBe(verdict);
    expect(expectStatusOrBusy(answer, [200]).verdict).toBe(verdict);
  });

  it("are judged for a 422 only", () => {
    expect(expectErrorOf422(answerWith(400, { error: "AsyncRequired" }), "AsyncRequired").verdict).toBe(
      "not-applicable",
    );
    expect(expectStatusOrBusy(answerWith(409), [409]).verdict).toBe("pass");
    expect(expectStatusOrBusy(answerWith(404), [409]).verdict).toBe("fail");
  });
});

describe("unlessRefusedAnyway", () => {
  const refused = answerWith(400);
  const accuses = [fail("201", "400", refused), warn("201", "400", refused)];

  it.each(accuses)("keeps $verdict where the ordinary request is accepted", async (outcome) => {
    expect(await unlessRefusedAnyway(outcome, async () => answerWith(201))).toBe(outcome);
  });

  it.each(accuses)("turns $verdict into unknown where the ordinary request is refused as well", async (outcome) => {
    const { verdict, reason } = await unlessRefusedAnyway(outcome, async () => answerWith(403));
    expect(verdict).toBe("unknown");
    expect(reason).toMatch(/an ordinary provision is answered 403; .*drydock\.yml/);
  });

  it("asks for nothing when nobody is accused, or when what was sent was accepted", async () => {
    const ask = () => Promise.reject(new Error("it was asked"));
    const accepted = fail("400", "201", answerWith(201));
    expect(await unlessRefusedAnyway(accepted, ask)).toBe(accepted);
    const passed = pass(refused);
    expect(await unlessRefusedAnyway(passed, ask)).toBe(passed);
  });
});
