import { describe, expect, it } from "vitest";
import { type Body, defineService, type HttpReply, json, Kernel, type Service } from "../../kernel/index.ts";
import type { OpenStack } from "../../openstack/index.ts";
import { CpiError } from "../cpi/cpi.ts";
import { CpiProcess } from "./process.ts";

const OPTIONS = { username: "u", password: "p", project: "p", keyName: "k", origin: "http://o", source: "127.0.0.1" };
const RETRY_MS = 3000;

function* caught<T>(body: Body<T>): Body<T | Error> {
  try {
    return yield* body;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A process of the CPI that uses a Nova with these statuses as answers, in turn; the last one repeats. */
function start(statuses: readonly number[]) {
  const kernel = new Kernel();
  const requests: string[] = [];
  const serve = (name: string, answer: (method: string) => HttpReply): Service =>
    defineService({
      name,
      kernel,
      sim: undefined,
      routes: [],
      unmatched: (_sim, { method, path }) => {
        requests.push(`${method} ${path}`);
        return answer(method);
      },
    });
  const keystone = serve("keystone", () => ({
    ...json(201, { token: { project: { id: "project" } } }),
    headers: { "X-Subject-Token": "t" },
  }));
  let at = 0;
  const nova = serve("nova", () => json(statuses[Math.min(at++, statuses.length - 1)] ?? 500, { ok: true }));
  const services = { keystone, nova } as unknown as OpenStack["services"];
  const process = new CpiProcess(kernel, services, OPTIONS);
  /** Runs a call to its end and returns its value or error. */
  const run = <T>(body: Body<T>): T | Error => {
    const call = kernel.spawn("call", caught(body));
    while (call.running) if (!kernel.step()) throw new Error("the call never ends");
    if (call.outcome.state !== "done") throw new Error("the call has failed");
    return call.outcome.value;
  };
  return { kernel, process, run, requests };
}

describe("a process of the CPI", () => {
  it.each(["GET", "DELETE"])("repeats a failed %s until it succeeds", (method) => {
    const { kernel, process, run, requests } = start([500, 503, 200]);
    const sinceMs = kernel.nowMs;
    expect(run(process.ask("nova", method, "/x"))).toMatchObject({ status: 200 });
    expect(requests.slice(1)).toEqual([`${method} /x`, `${method} /x`, `${method} /x`]);
    expect(kernel.nowMs - sinceMs).toBe(2 * RETRY_MS);
  });

  it("gives up after ten tries", () => {
    const { process, run, requests } = start([500]);
    expect(run(process.ask("nova", "DELETE", "/x"))).toEqual(new CpiError("DELETE /x: Expected success, got 500"));
    expect(requests.filter((each) => each === "DELETE /x")).toHaveLength(10);
  });

  it.each(["POST", "PUT"])("does not repeat a %s, which may have taken effect", (method) => {
    const { process, run, requests } = start([500, 200]);
    expect(run(process.ask("nova", method, "/x", {}))).toBeInstanceOf(CpiError);
    expect(requests.filter((each) => each === `${method} /x`)).toHaveLength(1);
  });

  it("authenticates once for a service, and puts the project into paths", () => {
    const { process, run, requests } = start([200]);
    run(process.ask("nova", "GET", "/{project}/a"));
    run(process.ask("nova", "GET", "/{project}/b"));
    expect(requests).toEqual(["POST /v3/auth/tokens", "GET /project/a", "GET /project/b"]);
  });

  it("returns an unsuccessful reply, or throws it if the request must succeed", () => {
    const { process, run } = start([404]);
    expect(run(process.ask("nova", "GET", "/x"))).toMatchObject({ status: 404 });
    expect(run(process.request("nova", "GET", "/x"))).toMatchObject({ name: "CpiError", retryable: false });
  });
});
