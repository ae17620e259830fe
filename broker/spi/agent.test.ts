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
  it("is asked again if it does not answer, and its user is not assumed gone", async () => {
    const { done, host } = deleting(
      { status: 404 },
      { status: 404, json: { error: { code: "not_found" } } },
      { status: 200, json: { username: "u" } },
    );
    await done;
    expect(host.sent).toHaveLength(3);
    await expect(deleting({ status: 404 }).done).rejects.toThrow(BackendError);
  });

  it("is believed for its own words, not for a status that anything may send", async () => {
    const page = { status: 200, headers: { "content-type": "text/html" }, bytes: Buffer.from("<html>") };
    const agent = instanceAgent(new FakeHost(() => page), "10.0.0.5", "secret");
    const restore = { name: "r", dump: async function* () {} };
    await expect(agent.putCredentials("u", "p", "d")).rejects.toThrow(BackendError);
    await expect(agent.deleteCredentials("u")).rejects.toThrow(BackendError);
    await expect(deleting({ status: 204 }).done).rejects.toThrow(FinalError);
    await expect(agent.users()).rejects.toThrow(BackendError);
    await expect(agent.forgetLog("f")).rejects.toThrow(BackendError);
    await expect(agent.sendLog("r", "f", Buffer.from(""))).rejects.toThrow(BackendError);
    await expect(agent.ready()).rejects.toThrow(BackendError);
    await expect(agent.dump()).rejects.toThrow(BackendError);
    await expect(agent.restore(restore)).rejects.toThrow(BackendError);
    await expect(agent.isRestored("r")).rejects.toThrow(BackendError);
    await expect(agent.readLog("f")).rejects.toThrow(BackendError);
    await expect(agent.finishLog()).rejects.toThrow(BackendError);
    const another = new FakeHost(() => ({ status: 201, json: { username: "other" } }));
    await expect(instanceAgent(another, "10.0.0.5", "secret").putCredentials("u", "p", "d")).rejects.toThrow(
      "for another user",
    );
  });

  it("refuses definitively, with one exception: another node may be the primary by now", async () => {
    await expect(deleting({ status: 400, json: { error: { code: "bad_username" } } }).done).rejects.toThrow(FinalError);
    const moved = deleting({ status: 409, json: { error: { code: "not_primary" } } });
    await expect(moved.done).rejects.toThrow(BackendError);
  });
});
