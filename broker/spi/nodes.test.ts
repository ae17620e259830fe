import { describe, expect, it } from "vitest";
import { BackendError } from "../errors.ts";
import { FakeHost, type Reply } from "../testing.ts";
import { awaitReplicas, findPrimary, isAnswering } from "./nodes.ts";

describe("the primary of an instance", () => {
  const find = (roles: Readonly<Record<string, object | undefined>>): Promise<string> => {
    const host = new FakeHost(({ url }) => {
      const json = roles[new URL(url).hostname];
      return json === undefined ? { status: 503 } : { status: 200, json };
    });
    return findPrimary(host, Object.keys(roles), "secret");
  };

  it("is the node that says so, not one that will be or was the primary", async () => {
    const replica = { role: "replica", phase: "replica" };
    const found = find({
      "10.0.0.5": { role: "primary", phase: "fenced" },
      "10.0.0.6": replica,
      "10.0.0.7": { role: "primary", phase: "primary" },
    });
    expect(await found).toBe("10.0.0.7");
    expect(await find({ "10.0.0.5": undefined, "10.0.0.6": { role: "primary" } })).toBe("10.0.0.6");
    await expect(find({ "10.0.0.5": replica, "10.0.0.6": undefined })).rejects.toThrow(BackendError);
  });
});

describe("a cluster", () => {
  const join = (
    ...looks: readonly (readonly string[])[]
  ): { readonly done: Promise<void>; readonly host: FakeHost } => {
    const addresses = ["10.0.0.5", "10.0.0.6", "10.0.0.7"];
    let asked = 0;
    const host = new FakeHost(({ url }) => {
      const look = looks[Math.min(looks.length - 1, Math.floor(asked++ / addresses.length))];
      return { status: 200, json: { role: "replica", phase: look?.[addresses.indexOf(new URL(url).hostname)] } };
    });
    return { done: awaitReplicas(host, addresses, "secret"), host };
  };

  it("is made when each replica follows the primary, and not before", async () => {
    const { done, host } = join(
      ["primary", "fenced", "fenced"],
      ["primary", "replica", "rejoining"],
      ["primary", "replica", "replica"],
    );
    await done;
    expect(host.sent).toHaveLength(9);
    await expect(join(["primary", "replica", "fenced"]).done).rejects.toThrow(BackendError);
  });
});

describe("an agent", () => {
  it("answers unless it is silent, refuses or says something else", async () => {
    const answers: readonly (Reply | undefined)[] = [
      { json: { role: "primary" } },
      undefined,
      { status: 404 },
      { json: {} },
    ];
    const said = answers.map((reply) =>
      isAnswering(new FakeHost(() => reply ?? { status: 503 }), "10.0.0.5", "secret"),
    );
    expect(await Promise.all(said)).toEqual([true, false, false, false]);
  });
});
