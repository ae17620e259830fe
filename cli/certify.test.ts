import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OSB_CHECKS } from "../conformance/osb/checks.ts";
import { RUN_EVENT_VERSION } from "../conformance/runner/events.ts";
import { BACKUP_CHECKS } from "../conformance/suites/backup/suite.ts";
import { drydockHere as drydock } from "./testing/run-here.ts";
import { startServer, startDrydock } from "./testing/run.ts";

const PASSWORD = "of-the-test";
const login = ["--username", "admin"];
const env = { DRYDOCK_PASSWORD: PASSWORD };

let broker: ChildProcess;
let url: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drydock-certify-"));
  const file = fileURLToPath(new URL("../examples/tiny-broker/broker.mjs", import.meta.url));
  broker = spawn(process.execPath, [file, "0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, BROKER_PASSWORD: PASSWORD },
  });
  const [line] = (await once(broker.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
  url = `http://127.0.0.1:${/\d+/.exec(line.toString())?.[0]}`;
});

afterAll(() => {
  broker.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe("certify", () => {
  it("judges a vendor's broker, prints and writes what it found, and keeps the secret", async () => {
    const out = join(folder, "report");
    const { code, stdout } = await drydock(["certify", url, ...login, "--out", out], env);
    expect(stdout).toMatch(/Conformant/);
    expect(code).toBe(0);
    for (const name of [
      "run.jsonl",
      "summary.md",
      "junit.xml",
      "report.json",
      "report.html",
      "report.sarif",
      "ctrf.json",
    ])
      expect(readFileSync(join(out, name), "utf8")).not.toContain(PASSWORD);
    expect(readFileSync(join(out, "junit.xml"), "utf8")).toContain('<property name="clause" value="');
  });

  it("prints the event stream, one line an event, and nothing else", async () => {
    const { code, stdout } = await drydock(["certify", url, ...login, "--only", "catalog-*", "--json"], env);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { v: number; type: string });
    expect(events[0]?.type).toBe("run-started");
    expect(events.at(-1)?.type).toBe("run-finished");
    expect(events.every(({ v }) => v === RUN_EVENT_VERSION)).toBe(true);
    expect(code).toBe(0);
  });

  it("replays a finished run into reports", async () => {
    const [out, again] = [join(folder, "first"), join(folder, "again")];
    await drydock(["certify", url, ...login, "--only", "catalog-*", "--out", out], env);
    const { code } = await drydock(["report", out, "--out", again]);
    expect(code).toBe(0);
    const name = "report.json";
    expect(readFileSync(join(again, name), "utf8")).toBe(readFileSync(join(out, name), "utf8"));
  });

  it("never calls a narrowed run conformant, in any report, and prints the line that narrows it again", async () => {
    const out = join(folder, "narrowed");
    const narrow = ["--only", "catalog-*", "--plan", "small", "--max-instances", "2"];
    const summaryFile = join(folder, "step.md");
    const github = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summaryFile };
    const { code, stdout } = await drydock(["certify", url, ...login, ...narrow, "--out", out], { ...env, ...github });
    expect(code).toBe(0);
    const chosen = OSB_CHECKS.filter(({ id }) => id.startsWith("catalog-")).length;
    const said = `${chosen} of ${OSB_CHECKS.length} checks, --plan small: passed`;
    for (const text of [stdout, ...readdirSync(out).map((name) => readFileSync(join(out, name), "utf8"))]) {
      expect(text).not.toMatch(/Conformant/);
      expect(text).toContain(said);
      expect(text).toMatch(/--plan small --only .{1,6}catalog-\*.{1,6} --max-instances 2/);
    }
    expect(stdout).toContain(`::notice title=drydock::${said}`);
    expect(readFileSync(summaryFile, "utf8")).toContain(`# ${said}`);
  });

  it("is not conformant if nothing in a requested suite could be exercised, and names the suite", async () => {
    const out = join(folder, "empty-suite");
    const { code, stdout } = await drydock(["certify", url, ...login, "--suite", "osb,backup", "--out", out], env);
    expect(code).toBe(2);
    expect(stdout).toContain("Could not be determined: backup not exercised");
    const [osb, backup] = [OSB_CHECKS.length, BACKUP_CHECKS.length];
    expect(stdout).toMatch(new RegExp(`Exercised: osb \\d+ of ${osb} checks, backup none of ${backup} checks`));
    expect(readFileSync(join(out, "junit.xml"), "utf8")).toContain('<error type="not-exercised"');
  });

  it("ends with 1 when a clause is violated, and with 0 when that is accepted for now", async () => {
    await using broken = await startServer((request, response) => {
      request.resume();
      const status = request.headers["x-broker-api-version"] === undefined ? 412 : 201;
      response.writeHead(status, { "Content-Type": "application/json" }).end('{"services":[]}');
    });
    const only = ["--only", "catalog-200", "--profile", "osb-2.17"];
    expect((await drydock(["certify", broken.url, ...only])).code).toBe(1);
    const baseline = join(folder, "baseline.yml");
    writeFileSync(baseline, "accept:\n  - { check: catalog-200, reason: mended in 3.2, until: 2999-12-31 }\n");
    const accepted = await drydock(["certify", broken.url, ...only, "--baseline", baseline]);
    expect(accepted.stdout).toContain("until 2999-12-31: mended in 3.2");
    expect(accepted.code).toBe(0);
  });
});

describe("a target that cannot be tested ends in one line and with 2", () => {
  const line = (stderr: string): void => {
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^drydock: /);
  };

  it("nobody listens", async () => {
    const { code, stderr, stdout } = await drydock(["certify", "http://127.0.0.1:1"]);
    line(stderr);
    expect(stderr).toContain("cannot be reached");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("a wrong password", async () => {
    const { code, stderr } = await drydock(["certify", url, ...login], { DRYDOCK_PASSWORD: "wrong" });
    line(stderr);
    expect(stderr).toContain("refuses the credentials");
    expect(code).toBe(2);
  });

  it("a page instead of JSON", async () => {
    await using page = await startServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><p>hello");
    });
    const { code, stderr } = await drydock(["certify", page.url]);
    line(stderr);
    expect(stderr).toContain("not JSON");
    expect(code).toBe(2);
  });

  it("a broker that hangs", async () => {
    await using hanging = await startServer(() => {});
    const { code, stderr } = await drydock(["certify", hanging.url, "--timeout", "1"]);
    line(stderr);
    expect(stderr).toContain("does not answer in time");
    expect(code).toBe(2);
  });

  it("an answer of 200 MB", async () => {
    await using endless = await startServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "application/json", "Content-Length": 200 * 1024 * 1024 });
      const chunk = Buffer.alloc(1024 * 1024, " ");
      const more = (): void => {
        while (response.write(chunk));
        response.once("drain", more);
      };
      response.on("close", () => response.removeAllListeners("drain"));
      more();
    });
    const { code, stderr } = await drydock(["certify", endless.url]);
    line(stderr);
    expect(stderr).toContain("larger than is read");
    expect(code).toBe(2);
  });

  it.each([
    [["certify", "not a url"], "Not a URL"],
    [["certify", "http://127.0.0.1:1", "--profile", "osb-9.9"], "profile"],
    [["certify", "http://127.0.0.1:1", "--only", "catalog-20"], 'no such check: "catalog-20"; nearest: catalog-200'],
    [
      ["certify", "http://127.0.0.1:1", "--only", "catalog-200,catlog-*"],
      'no such check: "catlog-*"; nearest: catalog*',
    ],
    [["certify", "http://127.0.0.1:1", "--only", ""], 'no such check: ""'],
    [["certify", "http://127.0.0.1:1", "--only", "BK-10"], "belongs to the suite backup"],
    [["certify", "http://127.0.0.1:1", "--suite", "backups"], "nearest: backup"],
    [["selftest", "--suite", "isolations"], "nearest: isolation"],
    [["certify", "http://127.0.0.1:1", "--suite", "everything"], "--suite"],
    [["certify", "http://127.0.0.1:1", "--config", "/no/such/file.yml"], "CLI_NO_FILE"],
    [["report", "/no/such/run", "--out", "/tmp/never"], "CLI_NO_REPORT"],
  ])("%j", async (args, why) => {
    const { code, stderr } = await drydock(args);
    line(stderr);
    expect(stderr).toContain(why);
    expect(code).toBe(2);
  });
});

describe("a service or plan that is not in the catalog", () => {
  it.each([
    [["--plan", "smal"], 'no such plan: "smal"; nearest: small'],
    [["--service", "nodes"], 'no such service: "nodes"; nearest: notes'],
    [["--service", "notes", "--plan", "gigantic"], 'no such plan of the service "notes": "gigantic"; there is small'],
  ])("%j ends with 2 and lists those that exist", async (args, why) => {
    const { code, stderr } = await drydock(["certify", url, ...login, ...args], env);
    expect(stderr).toContain(why);
    expect(code).toBe(2);
  });
});

describe("Ctrl-C", () => {
  it("removes what was made and ends with 130", async () => {
    const live = new Set<string>();
    const catalog = {
      services: [
        {
          id: "0b1f7f4e-6f0e-4c3e-9a55-3d0a5b1c2d01",
          name: "slow",
          description: "slow",
          bindable: false,
          plans: [{ id: "0b1f7f4e-6f0e-4c3e-9a55-3d0a5b1c2d02", name: "slow", description: "slow" }],
        },
      ],
    };
    let reportCreation = (): void => {};
    const first = new Promise<void>((resolve) => (reportCreation = resolve));
    await using slow = await startServer((request, response) => {
      request.resume();
      const [, , , id = ""] = (request.url ?? "").split(/[/?]/);
      const send = (status: number, body: object): void =>
        void response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
      if (request.url === "/v2/catalog") return send(200, catalog);
      if (request.url?.includes("last_operation")) return send(live.has(id) ? 200 : 404, { state: "in progress" });
      if (request.method === "DELETE") return send(live.delete(id) ? 200 : 410, {});
      if (request.method !== "PUT") return send(404, {});
      live.add(id);
      reportCreation();
      send(202, {});
    });
    const { child, ended } = startDrydock(["certify", slow.url, "--profile", "osb-2.17"]);
    await first;
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect([...live]).toEqual([]);
  });
});

it("leaves no reports of an earlier run in the folder of one that could not begin", async () => {
  const out = join(folder, "never");
  expect((await drydock(["certify", "http://127.0.0.1:1", "--out", out])).code).toBe(2);
  expect(existsSync(join(out, "report.html"))).toBe(false);
});
