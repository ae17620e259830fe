import { describe, expect, it } from "vitest";
import type { Answer } from "../../../client/answer.ts";
import type { Offer } from "../../../client/catalog.ts";
import { pass, Verdicted } from "../../../runner/check.ts";
import { answerWith } from "../../testing/answers.ts";
import { evidenceOf, judgeMeanwhile, runFlight } from "./flight.ts";
import type { EndedOperation } from "../../../client/polling.ts";

const offer: Offer = { service: { id: "s", name: "s", raw: {}, plans: [] }, plan: { id: "p", name: "p", raw: {} } };
const accepted = answerWith(202, { operation: "create-1" });
const asked = answerWith(409);
const deletion = answerWith(202, { operation: "delete-2" }, { operation: "deprovision" });

/** A flight whose last poll reports `state`, and a log of what happened in it. */
async function fly(started: Answer, meanwhile: Record<string, Answer | undefined>, state = "in progress") {
  const log: string[] = [];
  const note = (text: string) => async () => void log.push(text);
  const platform = {
    poll: async () => answerWith(200, { state }, { operation: "poll-instance", polled: "provision" }),
    async settle(_: Offer, answer: Answer): Promise<EndedOperation> {
      log.push(`settle ${answer.operation}`);
      return { state: "succeeded", answer, polls: [] };
    },
  };
  const shared = { run: { backend: { hold: note("hold"), release: note("release") } } };
  const flight = runFlight(platform, shared, offer, {
    async begin() {
      log.push("begin");
      return started;
    },
    async meanwhile() {
      log.push("ask");
      return meanwhile;
    },
  });
  return { log, flight: await flight.catch((error: unknown) => error) };
}

async function flyToEnd(...[started, meanwhile, state]: Parameters<typeof fly>) {
  const { flight } = await fly(started, meanwhile, state);
  if (flight instanceof Error || typeof flight !== "object" || flight === null || !("wasRunning" in flight))
    throw new Error("there was no flight");
  return flight as Awaited<ReturnType<typeof runFlight>>;
}

describe("a flight", () => {
  it("holds the backend before it begins, and releases it before it waits for the end", async () => {
    const { log } = await fly(accepted, { resent: asked });
    expect(log).toEqual(["hold", "begin", "ask", "release", "settle provision", "release"]);
  });

  it.each([
    [200, "not-applicable"],
    [201, "not-applicable"],
    [400, "unknown"],
    [500, "unknown"],
  ])("that is answered %i ends its check as %s, with the backend released", async (status, verdict) => {
    const { log, flight } = await fly(answerWith(status), {});
    expect(flight).toBeInstanceOf(Verdicted);
    expect(flight).toMatchObject({ outcome: { verdict } });
    expect(log.at(-1)).toBe("release");
    expect(log).not.toContain("ask");
  });

  it("waits for the deletion where one overtook the creation", async () => {
    const { log } = await fly(accepted, { deletion });
    expect(log).toContain("settle deprovision");
  });

  it("shows everything that was asked as evidence, the beginning first", async () => {
    const flight = await flyToEnd(accepted, { resent: asked, update: undefined });
    expect(evidenceOf(flight)).toEqual([accepted, asked]);
  });
});

describe("judgeMeanwhile", () => {
  const judge = (answer: Answer) => pass(answer);

  it("judges what was asked while the operation was in progress", async () => {
    const flight = await flyToEnd(accepted, { resent: asked });
    expect(judgeMeanwhile(flight, "resent", judge)).toEqual(pass(asked));
  });

  it.each(["succeeded", "failed"])("accuses nobody when the operation had %s by then", async (state) => {
    const flight = await flyToEnd(accepted, { update: asked }, state);
    expect(judgeMeanwhile(flight, "update", judge).verdict).toBe("not-applicable");
  });

  it("judges a conflict with the very same request, which is wrong in either state", async () => {
    const flight = await flyToEnd(accepted, { resent: { ...asked, status: 409 } }, "succeeded");
    expect(judgeMeanwhile(flight, "resent", judge).verdict).toBe("pass");
  });

  it("judges a deletion also when it ended the operation", async () => {
    const flight = await flyToEnd(accepted, { deletion }, "succeeded");
    expect(judgeMeanwhile(flight, "deletion", judge).verdict).toBe("pass");
  });

  it("is not applicable to what could not be asked", async () => {
    const flight = await flyToEnd(accepted, { update: undefined });
    expect(judgeMeanwhile(flight, "update", judge)).toMatchObject({
      verdict: "not-applicable",
      reason: expect.stringContaining("catalog"),
    });
  });
});
