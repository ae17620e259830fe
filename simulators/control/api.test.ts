import { describe, expect, it } from "vitest";
import { type HttpReply, Kernel, makeRequest } from "../kernel/index.ts";
import { createControl } from "./api.ts";

function createTestControl(): { kernel: Kernel; call: (method: string, path: string, body?: unknown) => HttpReply } {
  const kernel = new Kernel({ recordInputs: true });
  kernel.faults.define({ point: "nova:POST /servers", effects: ["reset", "reply"], prose: "It fails." });
  const host = "127.64.250.1:7701";
  const access = { token: "secret", hosts: [host] };
  const service = createControl({ kernel, findBrokenLaws: () => ["a port has no owner"] }, access);
  const headers = { host, authorization: "Bearer secret", "content-type": "application/json" };
  return {
    kernel,
    call: (method, path, body) =>
      service.receive(
        makeRequest(method, path, { headers, body: typeof body === "string" ? body : (JSON.stringify(body) ?? "") }),
      ) as HttpReply,
  };
}

describe("control", () => {
  it("arms and disarms faults", () => {
    const { kernel, call } = createTestControl();
    expect(call("POST", "/_drydock/faults", { point: "nova:*", effect: { kind: "reset" } })).toMatchObject({
      status: 201,
      json: { id: 1 },
    });
    expect(kernel.faults.at("nova:POST /servers")).toEqual({ kind: "reset" });
    expect(call("DELETE", "/_drydock/faults/1").status).toBe(204);
    expect(call("GET", "/_drydock/faults").json).toEqual([]);
  });

  it("arms nothing when the rule is malformed, its point unknown, or its effect unfit for the point", () => {
    const { call } = createTestControl();
    expect(call("POST", "/_drydock/faults", { point: "nova:*", effect: { kind: "explode" } })).toMatchObject({
      status: 400,
      json: { error: { code: "FAULT_BAD_RULE" } },
    });
    expect(call("POST", "/_drydock/faults", { point: "no:where", effect: { kind: "reset" } })).toMatchObject({
      json: { error: { code: "FAULT_UNKNOWN_POINT" } },
    });
    expect(call("POST", "/_drydock/faults", { point: "nova:*", effect: { kind: "vanish" } })).toMatchObject({
      json: { error: { code: "FAULT_WRONG_EFFECT" } },
    });
    expect(call("GET", "/_drydock/faults").json).toEqual([]);
  });

  it("refuses a rule that is too deep to be printed, and can still list what is armed", () => {
    const { kernel, call } = createTestControl();
    const rule = (levels: number): string =>
      `{"point":"nova:*","effect":{"kind":"reply","status":503,"body":${"[".repeat(levels)}${"]".repeat(levels)}}}`;
    for (const levels of [200, 5000]) {
      const refused = call("POST", "/_drydock/faults", rule(levels));
      expect(refused).toMatchObject({ status: 400, json: { error: { code: "FAULT_BAD_RULE" } } });
    }
    expect(call("POST", "/_drydock/faults", rule(50)).status).toBe(201);
    expect(JSON.stringify(call("GET", "/_drydock/faults").json)).toContain("[[[[");
    expect(() => kernel.snapshot()).not.toThrow();
  });

  it("lists the points that a pattern names, and the effects with what they mean", () => {
    const { call } = createTestControl();
    const points = [{ point: "nova:POST /servers", effects: ["reset", "reply"], prose: "It fails." }];
    expect(call("GET", "/_drydock/faults/points?point=nova:*").json).toEqual(points);
    expect(call("GET", "/_drydock/faults/points?point=cinder:*").json).toEqual([]);
    expect(call("GET", "/_drydock/faults/effects").json).toContainEqual({
      kind: "truncate",
      prose: expect.stringContaining("stops in the middle"),
      schema: expect.objectContaining({ required: ["kind", "bytes"] }),
    });
  });

  it("refuses to disarm a rule that does not exist", () => {
    const { call } = createTestControl();
    for (const id of ["1", "x", "1e0"])
      expect(call("DELETE", `/_drydock/faults/${id}`)).toMatchObject({
        status: 404,
        json: { error: { code: "CONTROL_NO_RULE" } },
      });
  });

  it("pages through the journal", () => {
    const { kernel, call } = createTestControl();
    for (let each = 0; each < 5; each++) kernel.record("test", "event", String(each));
    expect(call("GET", "/_drydock/events?after=2&limit=2").json).toMatchObject({
      newest: 5,
      events: [{ seq: 3 }, { seq: 4 }],
    });
    expect(call("GET", "/_drydock/events?after=x").status).toBe(400);
  });

  it("captures the world and brings it back", () => {
    const { kernel, call } = createTestControl();
    const { id } = call("POST", "/_drydock/snapshots").json as { id: number };
    const before = (call("GET", "/_drydock/digest").json as { digest: string }).digest;
    kernel.record("test", "event", "after");
    expect((call("GET", "/_drydock/digest").json as { digest: string }).digest).not.toBe(before);
    expect(call("POST", `/_drydock/snapshots/${id}/restore`).status).toBe(204);
    expect((call("GET", "/_drydock/digest").json as { digest: string }).digest).toBe(before);
    expect(call("POST", "/_drydock/snapshots/99/restore").status).toBe(404);
  });

  it("lists the laws that are broken", () => {
    expect(createTestControl().call("GET", "/_drydock/laws").json).toEqual({ broken: ["a port has no owner"] });
  });
});
