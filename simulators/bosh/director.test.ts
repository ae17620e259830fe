import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type HttpReply, Kernel, makeRequest, replyHeader } from "../kernel/index.ts";
import { receiveArchive } from "./artifacts/archive.ts";
import { type Bosh, createBosh, createDummyCpi } from "./index.ts";

const fixture = (name: string): URL => new URL(`../../docs/parity/recordings/fixtures/${name}`, import.meta.url);
const text = (name: string): string => readFileSync(fixture(name), "utf8");
const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

/** A director with the reference users and the means to talk to it as the CLI does. */
class Bench {
  readonly kernel = new Kernel({ seed: 5 });
  readonly bosh: Bosh = createBosh(this.kernel, {
    name: "reference",
    users: [
      { name: "admin", password: "adminpw", scopes: ["bosh.admin"] },
      { name: "reader", password: "readerpw", scopes: ["bosh.read"] },
      { name: "team-a", password: "teampw", scopes: ["bosh.teams.a.admin"] },
    ],
    cpi: createDummyCpi(this.kernel),
    resurrector: false,
  });

  send(
    method: string,
    path: string,
    options: { type?: string; body?: string; user?: string; received?: unknown; headers?: Record<string, string> } = {},
  ): HttpReply {
    const [user, password] =
      options.user === undefined ? ["admin", "adminpw"] : (options.user.split(":") as [string, string]);
    const headers = {
      host: "d:25555",
      authorization: basic(user, password),
      ...(options.type && { "content-type": options.type }),
      ...options.headers,
    };
    return this.bosh.director.receive(
      makeRequest(method, path, { headers, body: options.body ?? "", received: options.received }),
    ) as HttpReply;
  }

  /** Follows the task of a reply to its end. */
  task(reply: HttpReply): { id: number; state: string; result: string; events: readonly Record<string, unknown>[] } {
    const id = Number(replyHeader(reply, "location")?.split("/").at(-1));
    for (let waited = 0; waited < 10_000; waited++) {
      const task = this.send("GET", `/tasks/${id}`).json as { state: string; result: string };
      if (!["queued", "processing", "cancelling"].includes(task.state)) {
        const events = String(this.send("GET", `/tasks/${id}/output?type=event`).body ?? "");
        return {
          id,
          ...task,
          events: events
            .split("\n")
            .filter(Boolean)
            .map((line) => JSON.parse(line) as Record<string, unknown>),
        };
      }
      this.kernel.advanceTo(this.kernel.nowMs + 1000);
    }
    throw new Error(`task ${id} does not end`);
  }

  async upload(path: string, file: string): Promise<string> {
    const received = await receiveArchive(Readable.from([readFileSync(fixture(file))]));
    return this.task(this.send("POST", path, { type: "application/x-compressed", received })).result;
  }

  async ready(): Promise<void> {
    await this.upload("/stemcells", "stemcell-1.1.tgz");
    await this.upload("/releases", "demo-1.tgz");
    expect(
      this.send("POST", "/cloud_configs?name=", { type: "text/yaml", body: readFileSync(fixture("cloud.yml"), "utf8") })
        .status,
    ).toBe(201);
  }

  deploy(file: string): ReturnType<Bench["task"]> {
    return this.task(
      this.send("POST", "/deployments", { type: "text/yaml", body: readFileSync(fixture(file), "utf8") }),
    );
  }
}

describe("director", () => {
  it("tells who it is to anybody, the rest to who may know", () => {
    const bench = new Bench();
    expect(bench.bosh.director.receive(makeRequest("GET", "/info"))).toMatchObject({
      status: 200,
      json: { name: "reference", user: null },
    });
    expect(bench.send("GET", "/deployments", { user: "admin:wrong" })).toMatchObject({
      status: 401,
      body: "Not authorized: '/deployments'\n",
    });
    expect(
      bench.send("POST", "/cleanup", { user: "reader:readerpw", type: "application/json", body: "{}" }),
    ).toMatchObject({ status: 401, json: { code: 600000 } });
    expect(bench.send("GET", "/nosuch")).toMatchObject({ status: 404, body: "Not Found: /nosuch" });
    expect(bench.send("POST", "/deployments", { body: "name: x" })).toMatchObject({
      status: 404,
      body: "Endpoint '/deployments' not found.\n",
    });
  });

  it("takes a stemcell and a release", async () => {
    const bench = new Bench();
    expect(await bench.upload("/stemcells", "stemcell-1.1.tgz")).toBe("/stemcells/tiny-stemcell/1.1");
    expect(await bench.upload("/releases", "demo-1.tgz")).toBe("Created release 'demo/1'");
    expect(await bench.upload("/stemcells", "corrupt.tgz")).toMatch(/Extracting stemcell archive failed/);
    expect(bench.send("GET", "/stemcells").json).toMatchObject([
      { name: "tiny-stemcell", operating_system: "tiny-os", version: "1.1", api_version: 3 },
    ]);
    expect(bench.send("GET", "/releases").json).toMatchObject([
      { name: "demo", release_versions: [{ version: "1", job_names: ["db", "smoke", "strict", "web"] }] },
    ]);
  });

  it("deploys, shows the stages in order, and does nothing when nothing changes", async () => {
    const bench = new Bench();
    await bench.ready();
    const first = bench.deploy("demo.yml");
    expect(first).toMatchObject({ state: "done", result: "/deployments/demo" });
    const stages = [...new Set(first.events.map(({ stage }) => stage))];
    expect(stages).toEqual([
      "Preparing deployment",
      "Preparing package compilation",
      "Compiling packages",
      "Creating missing vms",
      "Updating instance",
    ]);
    const vms = bench.send("GET", "/deployments/demo/vms").json as { job: string; index: number; ips: string[] }[];
    expect(vms.map(({ job, index, ips }) => `${job}/${index} ${ips[0]}`)).toEqual([
      "db/0 10.10.1.10",
      "web/0 10.10.1.11",
      "web/1 10.10.2.2",
    ]);
    const again = bench.deploy("demo.yml");
    expect([...new Set(again.events.map(({ stage }) => stage))]).toEqual([
      "Preparing deployment",
      "Preparing package compilation",
    ]);
  });

  it("refuses what refers to nothing, with the director's own words", async () => {
    const bench = new Bench();
    await bench.ready();
    const manifest = readFileSync(fixture("web1.yml"), "utf8");
    const refused = (from: string, to: string): string =>
      bench.task(bench.send("POST", "/deployments", { type: "text/yaml", body: manifest.replace(from, to) })).result;
    expect(refused("vm_type: small", "vm_type: nope")).toBe(
      "Instance group 'web' references an unknown vm type 'nope'",
    );
    expect(refused("- name: web\n    release", "- name: nojob\n    release")).toBe(
      "Job 'nojob' not found in release 'demo'",
    );
    expect(bench.send("POST", "/deployments", { type: "text/yaml", body: "- a\n" })).toMatchObject({
      status: 400,
      json: { code: 440001, description: "Manifest should be a hash" },
    });
  });

  it("deletes a deployment and keeps its disk as an orphan until it is deleted too", async () => {
    const bench = new Bench();
    await bench.ready();
    bench.deploy("one.yml");
    expect(bench.task(bench.send("DELETE", "/deployments/one")).state).toBe("done");
    const disks = bench.send("GET", "/disks").json as { disk_cid: string; size: number }[];
    expect(disks).toMatchObject([{ size: 1024 }]);
    expect(bench.task(bench.send("DELETE", `/disks/${disks[0]?.disk_cid}`)).state).toBe("done");
    expect(bench.send("GET", "/disks").json).toEqual([]);
    expect(bench.send("DELETE", "/deployments/one")).toMatchObject({ status: 404, json: { code: 70000 } });
  });

  it("fails a deploy whose job does not run, and mends it with the next", async () => {
    const bench = new Bench();
    await bench.ready();
    bench.kernel.faults.arm({ point: "director:job", effect: { kind: "error", message: "no" } });
    const failed = bench.deploy("web1.yml");
    expect(failed.state).toBe("error");
    expect(failed.events.at(-1)).toMatchObject({ error: { code: 400007 } });
    expect(bench.send("GET", "/deployments/web1").json).toEqual({ manifest: null });
    expect(bench.deploy("web1.yml").state).toBe("done");
  });

  it("tells a silent agent from that of the VM that takes its place", async () => {
    const bench = new Bench();
    await bench.ready();
    bench.deploy("web1.yml");
    const [web] = [...bench.bosh.state().deployments.values()].flatMap(({ instances }) => instances);
    const { cid } = web?.vm ?? { cid: "" };
    const match = { vm: cid, id: web?.id ?? "" };
    bench.kernel.faults.arm({ point: "agent:*", match, count: null, effect: { kind: "stuck" } });
    expect(bench.deploy("web1.yml").state).toBe("error");
    const mended = bench.send("POST", "/deployments?fix=true", { type: "text/yaml", body: text("web1.yml") });
    expect(bench.task(mended).state).toBe("done");
    expect(web?.vm?.cid).not.toBe(cid);
    expect(bench.deploy("web1.yml").state).toBe("done");
  });

  it("fails a deploy whose new agent answers its first ping with an error, and deletes the VM", async () => {
    const bench = new Bench();
    await bench.ready();
    const effect = { kind: "error", message: "bad settings" } as const;
    bench.kernel.faults.arm({ point: "agent:ping", match: { group: "web", index: "0" }, effect });
    expect(bench.deploy("web1.yml")).toMatchObject({ state: "error", result: expect.stringContaining("bad settings") });
    expect(bench.deploy("web1.yml").state).toBe("done");
  });

  it("goes on with a call of the CPI that hung when the rule is disarmed", async () => {
    const bench = new Bench();
    await bench.ready();
    const id = bench.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "stuck" } });
    const started = bench.send("POST", "/deployments", { type: "text/yaml", body: text("web1.yml") });
    bench.kernel.advanceTo(bench.kernel.nowMs + 3_600_000);
    const { pathname } = new URL(replyHeader(started, "location") ?? "", "https://d");
    expect(bench.send("GET", pathname).json).toMatchObject({ state: "processing" });
    bench.kernel.faults.disarm(id);
    expect(bench.task(started).state).toBe("done");
  });

  it("refuses a rule for a type of task that there is none of", () => {
    const { faults } = new Bench().kernel;
    const rule = { point: "director:task", match: { type: "update" }, effect: { kind: "stuck" } } as const;
    expect(() => faults.arm(rule)).toThrow(/FAULT_IMPOSSIBLE_VALUE.*update_stemcell/);
  });

  it("serves ranges of the event log", async () => {
    const bench = new Bench();
    await bench.ready();
    const whole = String(bench.send("GET", "/tasks/1/output?type=event").body);
    const rest = bench.send("GET", "/tasks/1/output?type=event", { headers: { range: "bytes=10-" } });
    expect(rest.status).toBe(206);
    expect(Buffer.from(rest.body as Uint8Array).toString()).toBe(whole.slice(10));
    expect(
      bench.send("GET", "/tasks/1/output?type=event", { headers: { range: `bytes=${whole.length}-` } }),
    ).toMatchObject({ status: 416 });
  });

  it("is deterministic: one seed, one digest", async () => {
    const digest = async (): Promise<string> => {
      const bench = new Bench();
      await bench.ready();
      bench.deploy("demo.yml");
      return bench.kernel.journal.digest;
    };
    expect(await digest()).toBe(await digest());
  });
});
