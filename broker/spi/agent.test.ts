import { describe, expect, it } from "vitest";
import { BackendError, FinalError } from "../errors.ts";
import { FakeHost, type Reply } from "../testing.ts";
import { instanceAgent } from "./agent.ts";

const deleting = (...replies: readonly Reply[]): { readonly done: Promise<void>; readonly host: FakeHost } => {
  const left = [...replies];
  const host = new FakeHost(() => (left.length > 1 ? (left.shift() ?? {}) : (left[0] ?? {})));
  return { done: instanceAgent(host, "10.0.0.5", "secret").deleteCredentials("u"), host };
};

describe("the agent of an instance", () => {
  it("is asked again when nobody answers, and its user is not assumed gone", async () => {
    const { done, host } = deleting(
      { status: 404 },
      { status: 404, json: { error: { code: "not_found" } } },
      { status: 204 },
    );
    await done;
    expect(host.sent).toHaveLength(3);
    await expect(deleting({ status: 404 }).done).rejects.toThrow(BackendError);
  });

  it("is final in its refusals", async () => {
    await expect(deleting({ status: 409, json: { error: { code: "not_primary" } } }).done).rejects.toThrow(FinalError);
  });
});
