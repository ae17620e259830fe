import { beforeEach, describe, expect, it } from "vitest";
import { BackendError, FinalError } from "../../errors.ts";
import { FakeHost, type Reply, type Sent, TEST_CONFIG } from "../../testing.ts";
import { createDeployer, type Deployer } from "./deployer.ts";

interface Task {
  readonly id: number;
  readonly context: string;
  state: string;
  result: string | null;
}

/** A director in which every task ends as `endings` says, in turn, after one more poll. */
class Director {
  readonly tasks: Task[] = [];
  endings: string[] = [];
  result: string | null = null;
  disks: { disk_cid: string; deployment_name: string }[] = [];
  /** The state of the jobs on each VM according to the director, by CID. */
  states: Record<string, string> = {};
  /** Answers to POST and DELETE that are lost after the task was created. */
  lost = 0;

  readonly answer = ({ method, url, headers }: Sent): Reply => {
    const { pathname, searchParams } = new URL(url);
    if (pathname === "/info") return { json: { user_authentication: { type: "basic" } } };
    if (pathname === "/tasks") return { json: this.#of(searchParams.get("context_id") ?? "") };
    if (pathname === "/tasks/0/output") return { bytes: Buffer.from(this.#vitals()) };
    const [, kind, id = ""] = pathname.split("/");
    if (method === "GET" && kind === "tasks") return { json: this.#poll(Number(id)) };
    if (method === "DELETE" && kind === "task") return this.#cancel(Number(id));
    if (searchParams.get("format") === "full")
      return { status: 302, headers: { location: "https://director/tasks/0" } };
    if (pathname === "/disks") return { json: this.disks };
    if (method === "DELETE" && kind === "disks") this.disks = this.disks.filter(({ disk_cid: cid }) => cid !== id);
    return this.#begin(headers["x-bosh-context-id"] ?? "");
  };

  #vitals = (): string =>
    Object.entries(this.states)
      .map(([cid, state], index) => JSON.stringify({ vm_cid: cid, index, job_state: state }))
      .join("\n");

  #of = (context: string): readonly Task[] => this.tasks.filter((task) => task.context === context).reverse();

  #begin(context: string): Reply {
    this.tasks.push({ id: this.tasks.length + 1, context, state: "processing", result: this.result });
    if (this.lost-- > 0) return { status: 503 };
    return { status: 302, headers: { location: `https://director/tasks/${this.tasks.length}` } };
  }

  #poll(id: number): Task | undefined {
    if (id === 0) return { id, context: "", state: "done", result: null };
    const task = this.tasks[id - 1];
    const shown = task && { ...task };
    if (task?.state === "processing")
      task.state = this.endings.length > 1 ? (this.endings.shift() ?? "") : (this.endings[0] ?? "done");
    return shown;
  }

  #cancel(id: number): Reply {
    const task = this.tasks[id - 1];
    if (task !== undefined) task.state = "cancelled";
    return { status: 204 };
  }
}

describe("the deployer", () => {
  let director: Director;
  let host: FakeHost;
  let deployer: Deployer;

  beforeEach(() => {
    director = new Director();
    host = new FakeHost(director.answer);
    deployer = createDeployer(TEST_CONFIG, host);
  });

  it("starts a deploy once and follows it to its end", async () => {
    await deployer.deploy("d1", "---", "op-1");
    expect(director.tasks).toMatchObject([{ context: "op-1", state: "done" }]);
  });

  it("finds the task of a lost answer instead of starting another", async () => {
    director.lost = 1;
    await deployer.deploy("d1", "---", "op-1");
    expect(director.tasks).toHaveLength(1);
  });

  it("resumes the task of a dead process, even one that has ended", async () => {
    director.tasks.push({ id: 1, context: "op-1", state: "done", result: "/deployments/d1" });
    await deployer.deploy("d1", "---", "op-1");
    expect(host.sent.every(({ method }) => method === "GET")).toBe(true);
  });

  it("gives up on a failed deploy", async () => {
    director.endings = ["error"];
    await expect(deployer.deploy("d1", "---", "op-1")).rejects.toThrow(FinalError);
    await expect(deployer.deploy("d1", "---", "op-1")).rejects.toThrow(FinalError);
    expect(director.tasks).toHaveLength(1);
  });

  it("retries a deletion, finally with force, and counts the attempts of earlier processes", async () => {
    director.endings = ["error", "error", "done"];
    await deployer.remove("d1", "op-1");
    const deletions = host.sent.filter(({ method }) => method === "DELETE").map(({ url }) => new URL(url).search);
    expect(deletions).toEqual(["", "", "?force=true"]);
    director.endings = ["error"];
    await expect(deployer.remove("d2", "op-2")).rejects.toThrow(FinalError);
    await expect(deployer.remove("d2", "op-2")).rejects.toThrow(FinalError);
    expect(director.tasks.filter(({ context }) => context === "op-2")).toHaveLength(20);
  });

  it.each([
    ["at once if an agent seems to be silent", true, ["done"], ["/vms/vm-2", "/deployments/d1"]],
    ["after a failure", false, ["error", "done"], ["/deployments/d1", "/vms/vm-2", "/deployments/d1"]],
    ["not if nothing seems wrong", false, ["done"], ["/deployments/d1"]],
  ])("deletes VMs whose agents are silent before the deployment: %s", async (_when, isSilent, endings, expected) => {
    director.states = { "vm-1": "running", "vm-2": "unresponsive agent" };
    director.endings = endings;
    await deployer.remove("d1", "op-1", { isSilent });
    const deletions = host.sent.filter(({ method }) => method === "DELETE").map(({ url }) => new URL(url).pathname);
    expect(deletions).toEqual(expected);
  });

  it("waits for a busy deployment, without counting that as a failure", async () => {
    const lock =
      "Failed to acquire lock for lock:deployment:d1 uid: 1. Locking task id is 7, description: 'scan and fix'";
    director.endings = ["error", "error", "done"];
    director.result = lock;
    await deployer.deploy("d1", "---", "op-1");
    expect(director.tasks.map(({ state }) => state)).toEqual(["error", "error", "done"]);
    director.endings = ["error"];
    await expect(deployer.remove("d2", "op-2")).rejects.toThrow(FinalError);
    const deletions = host.sent.filter(({ method }) => method === "DELETE").map(({ url }) => new URL(url).search);
    expect(new Set(deletions)).toEqual(new Set([""]));
    expect(deletions).toHaveLength(200);
  });

  it("deletes the disks that a deployment leaves behind, and no others", async () => {
    director.disks = ["d1", "d2"].map((name) => ({ disk_cid: `disk-${name}`, deployment_name: name }));
    await deployer.remove("d1", "op-1");
    expect(director.disks).toEqual([{ disk_cid: "disk-d2", deployment_name: "d2" }]);
  });

  it("cancels a task that never ends", async () => {
    director.endings = ["processing"];
    await expect(deployer.deploy("d1", "---", "op-1")).rejects.toThrow(/cancelled/);
    expect(director.tasks).toMatchObject([{ state: "cancelled" }]);
  });

  it("considers a deployment gone if the director says so, but not on any other 404", async () => {
    const gone = { status: 404, json: { code: 70_000, description: "Deployment 'd1' doesn't exist" } };
    const elsewhere = [{ status: 404 }, { status: 404, json: { code: 10_000 } }, { status: 404, json: "not found" }];
    const refusing = (reply: Reply, method: string): void => {
      host.answer = (sent) => (sent.method === method && !sent.url.includes("/tasks") ? reply : director.answer(sent));
    };
    refusing(gone, "DELETE");
    await deployer.remove("d1", "op-1");
    for (const reply of elsewhere) {
      refusing(reply, "DELETE");
      await expect(deployer.remove("d1", "op-1")).rejects.toThrow(FinalError);
    }
    host.answer = () => gone;
    expect(await deployer.vms("d1")).toEqual([]);
    for (const reply of elsewhere) {
      host.answer = () => reply;
      await expect(deployer.vms("d1")).rejects.toThrow(FinalError);
    }
  });

  it("does not mistake a refused deploy for a success", async () => {
    for (const json of [{ code: 70_000 }, { code: 100_002 }, undefined]) {
      host.answer = (sent) => (sent.method === "POST" ? { status: 404, json } : director.answer(sent));
      await expect(deployer.deploy("d1", "---", "op-1")).rejects.toThrow(FinalError);
    }
  });

  it("considers a task cancelled if it has ended or is forgotten, but not on any other refusal", async () => {
    director.tasks.push({ id: 1, context: "op-1", state: "processing", result: null });
    const asBytes = (text: string): Uint8Array => Buffer.from(text);
    const cancelling = async (reply: Reply): Promise<void> => {
      host.answer = (sent) => {
        if (sent.method === "DELETE") return reply;
        return sent.url.includes("/tasks") ? { json: director.tasks } : director.answer(sent);
      };
      await deployer.cancel("op-1");
    };
    await cancelling({ status: 204 });
    await cancelling({ status: 400, bytes: asBytes("Cannot cancel task 1: invalid state (done)") });
    await cancelling({ status: 404, json: { code: 10_000, description: "Task 1 not found" } });
    for (const reply of [{ status: 400 }, { status: 404 }, { status: 401, bytes: asBytes("Not authorized") }])
      await expect(cancelling(reply)).rejects.toThrow(FinalError);
  });

  it("keeps working while a deploy runs, and survives a backend that is away", async () => {
    director.endings = ["processing", "processing", "done"];
    let times = 0;
    await deployer.deploy("d1", "---", "op-1", async () => {
      if (++times === 1) throw new BackendError("away");
    });
    expect(times).toBe(3);
    director.endings = ["processing"];
    const refused = deployer.deploy("d2", "---", "op-2", () => Promise.reject(new FinalError("no")));
    await expect(refused).rejects.toThrow("no");
  });

  it("reports a broken director as worth another try, and never reveals its secret", async () => {
    host.answer = () => ({ status: 502 });
    const error = await deployer.vms("d1").then(String, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BackendError);
    expect(String(error)).not.toContain(TEST_CONFIG.director.clientSecret);
  });

  it("gets a token from UAA if the director says so, and a new one before it expires", async () => {
    let tokens = 0;
    host.answer = ({ url, headers }) => {
      if (url.endsWith("/info"))
        return { json: { user_authentication: { type: "uaa", options: { url: "https://uaa" } } } };
      if (url.startsWith("https://uaa"))
        return { json: { token_type: "bearer", access_token: `token-${++tokens}`, expires_in: 600 } };
      return { json: [{ job: "pg", cid: null, index: 0, ips: [headers.authorization ?? ""] }] };
    };
    const firstAddress = async (): Promise<unknown> => (await deployer.vms("d1"))[0]?.ips[0];
    expect([await firstAddress(), await firstAddress()]).toEqual(["bearer token-1", "bearer token-1"]);
    await host.sleepMs(590_000);
    expect(await firstAddress()).toBe("bearer token-2");
  });
});
