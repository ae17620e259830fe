import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeRequest, replyHeader } from "../kernel/index.ts";
import { TestDirector, fixture } from "./testing/director.ts";

const text = (name: string): string => readFileSync(fixture(name), "utf8");

describe("director", () => {
  it("shows anyone its name, and authenticated callers the rest", () => {
    const bench = new TestDirector();
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
      body: "Endpoint '/deployments' not found.",
    });
  });

  it("accepts a stemcell and a release", async () => {
    const bench = new TestDirector();
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
    const bench = new TestDirector();
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

  it("refuses dangling references in the director's own words", async () => {
    const bench = new TestDirector();
    await bench.ready();
    const manifest = readFileSync(fixture("web1.yml"), "utf8");
    const refusalOf = (from: string, to: string): string =>
      bench.task(bench.send("POST", "/deployments", { type: "text/yaml", body: manifest.replace(from, to) })).result;
    expect(refusalOf("vm_type: small", "vm_type: nope")).toBe(
      "Instance group 'web' references an unknown vm type 'nope'",
    );
    expect(refusalOf("- name: web\n    release", "- name: nojob\n    release")).toBe(
      "Job 'nojob' not found in release 'demo'",
    );
    expect(bench.send("POST", "/deployments", { type: "text/yaml", body: "- a\n" })).toMatchObject({
      status: 400,
      json: { code: 440001, description: "Manifest should be a hash" },
    });
  });

  it("deletes a deployment and keeps its disk as an orphan until it is deleted too", async () => {
    const bench = new TestDirector();
    await bench.ready();
    bench.deploy("one.yml");
    expect(bench.task(bench.send("DELETE", "/deployments/one")).state).toBe("done");
    const disks = bench.send("GET", "/disks").json as { disk_cid: string; size: number }[];
    expect(disks).toMatchObject([{ size: 1024 }]);
    expect(bench.task(bench.send("DELETE", `/disks/${disks[0]?.disk_cid}`)).state).toBe("done");
    expect(bench.send("GET", "/disks").json).toEqual([]);
    expect(bench.send("DELETE", "/deployments/one")).toMatchObject({ status: 404, json: { code: 70000 } });
  });

  it("fails a deploy if a job does not run, and repairs it with the next", async () => {
    const bench = new TestDirector();
    await bench.ready();
    bench.kernel.faults.arm({ point: "director:job", effect: { kind: "error", message: "no" } });
    const failed = bench.deploy("web1.yml");
    expect(failed.state).toBe("error");
    expect(failed.events.at(-1)).toMatchObject({ error: { code: 400007 } });
    expect(bench.send("GET", "/deployments/web1").json).toEqual({ manifest: null });
    expect(bench.deploy("web1.yml").state).toBe("done");
  });

  it("distinguishes a silent agent from that of the replacement VM", async () => {
    const bench = new TestDirector();
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

  it("fails a deploy if a new agent answers its first ping with an error, and deletes the VM", async () => {
    const bench = new TestDirector();
    await bench.ready();
    const effect = { kind: "error", message: "bad settings" } as const;
    bench.kernel.faults.arm({ point: "agent:ping", match: { group: "web", index: "0" }, effect });
    expect(bench.deploy("web1.yml")).toMatchObject({ state: "error", result: expect.stringContaining("bad settings") });
    expect(bench.deploy("web1.yml").state).toBe("done");
  });

  it("continues a hanging call of the CPI when the rule is disarmed", async () => {
    const bench = new TestDirector();
    await bench.ready();
    const id = bench.kernel.faults.arm({ point: "cpi:create_vm", effect: { kind: "stuck" } });
    const started = bench.send("POST", "/deployments", { type: "text/yaml", body: text("web1.yml") });
    bench.kernel.advanceTo(bench.kernel.nowMs + 3_600_000);
    const { pathname } = new URL(replyHeader(started, "location") ?? "", "https://d");
    expect(bench.send("GET", pathname).json).toMatchObject({ state: "processing" });
    bench.kernel.faults.disarm(id);
    expect(bench.task(started).state).toBe("done");
  });

  it("refuses a rule for an unknown type of task", () => {
    const { faults } = new TestDirector().kernel;
    const rule = { point: "director:task", match: { type: "update" }, effect: { kind: "stuck" } } as const;
    expect(() => faults.arm(rule)).toThrow(/FAULT_IMPOSSIBLE_VALUE.*update_stemcell/);
  });

  it("serves ranges of the event log", async () => {
    const bench = new TestDirector();
    await bench.ready();
    const whole = String(bench.send("GET", "/tasks/1/output?type=event").body);
    const rest = bench.send("GET", "/tasks/1/output?type=event", { headers: { range: "bytes=10-" } });
    expect(rest.status).toBe(206);
    expect(Buffer.from(rest.body as Uint8Array).toString()).toBe(whole.slice(10));
    expect(
      bench.send("GET", "/tasks/1/output?type=event", { headers: { range: `bytes=${whole.length}-` } }),
    ).toMatchObject({ status: 416 });
  });

  it("is deterministic: the same seed gives the same digest", async () => {
    const digest = async (): Promise<string> => {
      const bench = new TestDirector();
      await bench.ready();
      bench.deploy("demo.yml");
      return bench.kernel.journal.digest;
    };
    expect(await digest()).toBe(await digest());
  });
});
