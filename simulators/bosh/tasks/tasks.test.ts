import { describe, expect, it } from "vitest";
import type { HttpReply } from "../../kernel/index.ts";
import { manifestOf, TestDirector } from "../testing/director.ts";

const HOUR_MS = 3_600_000;

/** A director that can't create VMs for an hour, so that its deploys take as long. */
async function slow(): Promise<TestDirector> {
  const director = new TestDirector();
  await director.ready();
  director.kernel.faults.arm({ point: "cpi:create_vm", count: null, effect: { kind: "delay", delayMs: HOUR_MS } });
  return director;
}

const deploy = (director: TestDirector, name: string): HttpReply =>
  director.send("POST", "/deployments", {
    type: "text/yaml",
    body: manifestOf({ w: 1 }).replace('"name":"x"', `"name":"${name}"`),
  });

const statesOf = (director: TestDirector): readonly string[] =>
  [...director.bosh.state().tasks.values()].slice(2).map(({ state }) => state);

describe("tasks", () => {
  it("are worked on by three workers, in the order of the queue", async () => {
    const director = await slow();
    for (const name of ["a", "b", "c", "d"]) deploy(director, name);
    director.pass(10_000);
    expect(statesOf(director)).toEqual(["processing", "processing", "processing", "queued"]);
    director.pass(10 * HOUR_MS);
    expect(statesOf(director)).toEqual(["done", "done", "done", "done"]);
  });

  it("that are urgent go before the others in the queue", async () => {
    const director = await slow();
    for (const name of ["a", "b", "c", "d"]) deploy(director, name);
    director.pass(10_000);
    director.send("GET", "/deployments/a/vms?format=full");
    director.pass(HOUR_MS / 2);
    expect(statesOf(director).slice(3)).toEqual(["queued", "queued"]);
    director.pass(HOUR_MS);
    const [ordinary, urgent] = [...director.bosh.state().tasks.values()].slice(5);
    expect(urgent?.type).toBe("vms");
    expect((urgent?.startedAt ?? 0) <= (ordinary?.startedAt ?? Number.POSITIVE_INFINITY)).toBe(true);
    expect(urgent?.state).toBe("done");
  });

  it("wait ten seconds for the lock of a deployment, and then fail", async () => {
    const director = await slow();
    deploy(director, "a");
    director.pass(5000);
    const second = director.task(deploy(director, "a"));
    expect(second.state).toBe("error");
    const { result } = director.bosh.state().tasks.get(4) ?? { result: "" };
    expect(result).toMatch(/^Failed to acquire lock for lock:deployment:a uid: .* description: 'create deployment'$/);
    expect(director.send("GET", "/locks").json).toMatchObject([{ type: "deployment", resource: ["a"], task_id: "3" }]);
  });

  it("that are cancelled stop at their next checkpoint, and release their locks", async () => {
    const director = await slow();
    const reply = deploy(director, "a");
    director.pass(5000);
    expect(director.send("DELETE", "/task/3").status).toBe(204);
    expect(director.send("GET", "/tasks/3").json).toMatchObject({ state: "cancelling" });
    director.pass(10 * HOUR_MS);
    const task = director.task(reply);
    expect(task).toMatchObject({ state: "cancelled", result: "task cancelled" });
    expect(task.events.at(-1)).toMatchObject({ error: { code: 10001, message: "Task 3 cancelled" } });
    expect([...director.bosh.state().locks]).toEqual([]);
  });

  it("that are cancelled before they begin do nothing", async () => {
    const director = await slow();
    for (const name of ["a", "b", "c", "d"]) deploy(director, name);
    director.pass(5000);
    director.send("DELETE", "/task/6");
    director.pass(10 * HOUR_MS);
    expect(statesOf(director)).toEqual(["done", "done", "done", "cancelled"]);
    expect(director.bosh.state().deployments.get("d")?.instances).toEqual([]);
  });

  it("that have ended, or are being cancelled, can't be cancelled", async () => {
    const director = await slow();
    deploy(director, "a");
    director.pass(5000);
    director.send("DELETE", "/task/3");
    expect(director.send("DELETE", "/task/3")).toMatchObject({
      status: 400,
      body: "Cannot cancel task 3: invalid state (cancelling)",
    });
    expect(director.send("DELETE", "/task/1")).toMatchObject({
      status: 400,
      body: "Cannot cancel task 1: invalid state (done)",
    });
    expect(director.send("DELETE", "/task/99")).toMatchObject({ status: 404, json: { code: 10000 } });
  });

  it("can be cancelled together, by state, type and deployment", async () => {
    const director = await slow();
    for (const name of ["a", "b", "c", "d", "e"]) deploy(director, name);
    director.pass(5000);
    expect(director.json("POST", "/tasks/cancel", { deployment: "d" }).status).toBe(204);
    expect(statesOf(director)).toEqual(["processing", "processing", "processing", "cancelling", "queued"]);
    expect(director.json("POST", "/tasks/cancel", { types: ["vms"], states: ["processing"] }).status).toBe(204);
    expect(statesOf(director)[0]).toBe("processing");
    director.json("POST", "/tasks/cancel", { types: ["update_deployment"], states: ["processing", "queued"] });
    expect(new Set(statesOf(director))).toEqual(new Set(["cancelling"]));
    expect(director.json("POST", "/tasks/cancel", { states: ["done"] })).toMatchObject({
      status: 400,
      body: "done is not one of the cancellable states: queued, processing",
    });
  });

  it("time out three minutes after the death of their worker", async () => {
    const director = new TestDirector();
    director.kernel.faults.arm({ point: "director:task", effect: { kind: "stuck" } });
    await director.upload("/stemcells", "stemcell-1.1.tgz").catch(() => undefined);
    const task = director.bosh.state().tasks.get(1);
    expect(task?.state).toBe("processing");
    expect(director.send("GET", "/tasks/1").json).toMatchObject({ state: "timeout" });
  });

  it("keep no upload once they have ended", async () => {
    const director = new TestDirector();
    await director.upload("/stemcells", "stemcell-1.1.tgz");
    expect(director.bosh.state().tasks.get(1)?.job).toBeNull();
  });

  it("are listed newest first, without the small ones unless they are asked for", async () => {
    const director = new TestDirector();
    await director.ready();
    director.deployText(manifestOf({ w: 1 }));
    director.task(director.send("GET", "/deployments/x/vms?format=full"));
    const ids = (query: string): readonly number[] =>
      (director.send("GET", `/tasks${query}`).json as { id: number }[]).map(({ id }) => id);
    expect(ids("")).toEqual([3, 2, 1]);
    expect(ids("?verbose=2")).toEqual([4, 3, 2, 1]);
    expect(ids("?limit=1")).toEqual([3]);
    expect(ids("?deployment=x&verbose=2")).toEqual([4, 3]);
    expect(ids("?state=processing,queued")).toEqual([]);
  });
});
