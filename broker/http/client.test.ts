import { describe, expect, it } from "vitest";
import type { Host } from "../host.ts";
import { exchange, expectStatus } from "./client.ts";

const answering = (status: number, text: string): Host => ({
  fetch: async () => new Response(text, { status }),
  nowMs: () => 0,
  sleepMs: async () => {},
  waitMs: async () => {},
  every: () => () => {},
  randomBytes: (count) => new Uint8Array(count),
  track: (work) => work,
});
const ask = (status: number, text = "because"): ReturnType<typeof exchange> =>
  exchange(answering(status, text), { method: "POST", url: "http://agent/v1/restores" });

describe("an exchange with a backend", () => {
  it.each([429, 500, 502, 503, 507])(
    "that is answered %i may be tried again, and says why it failed",
    async (status) => {
      await expect(ask(status)).rejects.toMatchObject({
        name: "BackendError",
        message: `POST http://agent/v1/restores answered ${status}: because`,
      });
    },
  );

  it.each([409, 422, 501])("that is answered with %i is refused for good, and says why", async (status) => {
    const answer = await ask(status);
    const refused = { name: "FinalError", message: `restore answered ${status}: because` };
    expect(() => expectStatus(answer, "restore", 200)).toThrow(expect.objectContaining(refused));
  });
});
