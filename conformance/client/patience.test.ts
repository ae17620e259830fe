import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer, Intent, Operation } from "./answer.ts";
import { TransportError } from "./http/transport.ts";
import { NoAnswer } from "./no-answer.ts";
import { sendPatiently } from "./patience.ts";
import { RunMemory } from "./run-memory.ts";

const request = { method: "GET", url: "http://broker.test/v2/catalog", headers: {} };

interface Case {
  readonly operation?: Operation;
  readonly intent?: Intent;
  readonly wasThere?: boolean;
  readonly memory?: RunMemory;
}

/** Sends a request that is answered with these statuses in turn; 0 is silence. Resolves with the status that counts, and how many were sent. */
async function send(
  statuses: readonly number[],
  { operation = "catalog", intent = "plain", wasThere = false, memory = new RunMemory() }: Case = {},
) {
  let sent = 0;
  const ask = async (): Promise<Answer> => {
    const status = statuses[Math.min(sent++, statuses.length - 1)] ?? 0;
    if (status === 0) throw new NoAnswer(request, new TransportError("reset", "gone"));
    return {
      request,
      status,
      headers: {},
      bytes: Buffer.from("{}"),
      json: {},
      problem: undefined,
      elapsedMs: 1,
    } as never;
  };
  const subject = { operation, options: { intent }, wasThere };
  const patient = await sendPatiently(subject, { ask, pause: async () => {}, memory }).catch(() => undefined);
  return { status: patient?.answer.status ?? 0, sent, memory };
}

const unsteady = (): RunMemory => Object.assign(new RunMemory(), { stumbles: 1 });

describe("a request that fails", () => {
  it.each([500, 502, 503, 0])("with %i now and then counts as what it is answered otherwise", async (failure) => {
    const { status, sent, memory } = await send([failure, 200]);
    expect({ status, sent, isUnsteady: memory.isUnsteady }).toEqual({ status: 200, sent: 2, isUnsteady: true });
  });

  it("always is a failure after one repetition, and after more at a broker that is known to be unsteady", async () => {
    expect(await send([500])).toMatchObject({ status: 500, sent: 2 });
    expect(await send([500], { memory: unsteady() })).toMatchObject({ status: 500, sent: 6 });
  });

  it("is not repeated if it is refused: 501", async () => {
    expect(await send([501, 200])).toMatchObject({ status: 501, sent: 1 });
  });

  it.each([
    ["deprovision", true, 410],
    ["unbind", true, 404],
    ["provision", false, 200],
    ["bind", false, 409],
  ] as const)("stands where the next %s may meet its work", async (operation, wasThere, second) => {
    const { status, memory } = await send([500, second], { operation, wasThere });
    expect({ status, isUnsteady: memory.isUnsteady }).toEqual({ status: 500, isUnsteady: false });
    // Of a broker that is known to be unsteady nobody can tell.
    expect((await send([500, second], { operation, wasThere, memory: unsteady() })).status).toBe(0);
  });

  it("is repeated where there was nothing to remove", async () => {
    expect((await send([500, 410], { operation: "unbind" })).status).toBe(410);
  });

  it("stands if what it raced with may have ended", async () => {
    expect((await send([500, 200], { operation: "update", intent: "race" })).status).toBe(500);
    expect((await send([500, 422], { operation: "update", intent: "race" })).status).toBe(422);
  });

  it("is sent a bounded number of times, whatever the answers", async () => {
    const anyStatus = fc.constantFrom(0, 200, 201, 202, 400, 404, 409, 410, 422, 500, 501, 503);
    const anyOperation = fc.constantFrom<Operation>(
      "catalog",
      "provision",
      "bind",
      "unbind",
      "update",
      "poll-instance",
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStatus, { minLength: 1 }),
        anyOperation,
        fc.boolean(),
        async (statuses, operation, wasThere) => {
          const { sent } = await send(statuses, { operation, wasThere, memory: unsteady() });
          expect(sent).toBeLessThanOrEqual(6);
        },
      ),
      { numRuns: 100 },
    );
  });
});
