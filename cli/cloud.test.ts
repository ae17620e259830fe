import { execFile, spawnSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandResult, type RunningCommand, startDrydock } from "./testing/run.ts";
import { uploadStemcell } from "./testing/stemcell.ts";
import type { CloudDescription } from "../scenarios/cloud/description.ts";

const run = promisify(execFile);
const BIN = fileURLToPath(new URL("drydock.cjs", import.meta.url));
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const DIG = fileURLToPath(new URL("testing/dig.ts", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../docs/parity/recordings/fixtures", import.meta.url));

function has(client: string, flag = "--version"): boolean {
  if (spawnSync(client, [flag]).error === undefined) return true;
  process.stderr.write(`skipped: the real client ${client}: it is not on the PATH\n`);
  return false;
}
const [HAS_BOSH, HAS_OPENSTACK, HAS_DIG] = [has("bosh"), has("openstack"), has("dig", "-v")];
const HAS_CURL = has("curl");
const MAY_UNSHARE = spawnSync("unshare", ["--mount", "true"]).status === 0;
if (!MAY_UNSHARE) process.stderr.write("skipped: a namespace with a resolv.conf: this user may not unshare\n");
const HAS_PROC = process.platform === "linux";
if (!HAS_PROC) process.stderr.write("skipped: the memory of an upload: this machine has no /proc\n");

const plansOf = (catalog: unknown): readonly unknown[] =>
  (catalog as { services: { plans: unknown[] }[] }).services.flatMap(({ plans }) => plans);

/** Where the clouds of these tests are recorded, apart from those of the user who runs them. */
const runtime = mkdtempSync(join(tmpdir(), "drydock-test-"));
const own = { XDG_RUNTIME_DIR: runtime };
/** A generous limit, as many tests may run side by side on few processors. */
const BOOTS_MS_MAX = 900_000;
const begun: RunningCommand[] = [];
function start(...args: string[]): RunningCommand {
  const running = startDrydock(args, own);
  begun.push(running);
  return running;
}
const drydock = (...args: string[]): Promise<CommandResult> => start(...args).ended;
afterAll(() => {
  // A failed test would otherwise leave it running.
  for (const { child } of begun) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  rmSync(runtime, { recursive: true });
});

describe("a cloud that is up", { timeout: BOOTS_MS_MAX }, () => {
  let up: RunningCommand;
  let cloud: CloudDescription;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    up = start("up", "--json", "--pace", "instant");
    cloud = JSON.parse(await up.firstLine) as CloudDescription;
    environment = {
      ...process.env,
      HOME: runtime,
      ...(JSON.parse((await drydock("env", "--json")).stdout) as object),
    };
  }, BOOTS_MS_MAX);
  afterAll(async () => {
    up.child.kill("SIGINT");
    const ended = await up.ended;
    expect(ended).toMatchObject({
      code: 130,
      stderr: "\ndrydock: SIGINT: ending the cloud; again to leave at once\n",
    });
    expect(ended.stdout.split("\n")).toHaveLength(2);
  });

  /** Runs a command in the cloud's environment. */
  const ask = async (client: string, ...args: string[]): Promise<string> =>
    (await run(client, args, { env: environment })).stdout;

  it("prints every address in one line, and its brokers and DNS answer there", async () => {
    expect(cloud.dns.address).toMatch(/^127\.\d+\.\d+\.\d+:\d+$/);
    expect(cloud.brokers.map(({ name }) => name)).toEqual([
      "postgresql-service-broker",
      "redis-service-broker",
      "mongodb-service-broker",
    ]);
    for (const { url, username, password } of cloud.brokers) {
      const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}`, "x-broker-api-version": "2.17" };
      expect((await fetch(`${url}/v2/catalog`, { headers })).status).toBe(200);
    }
  });

  it("passes on the token of its control API, without which nobody can control it", async () => {
    expect(environment).toMatchObject({
      DRYDOCK_CONTROL: cloud.control.url,
      DRYDOCK_CONTROL_TOKEN: cloud.control.token,
    });
    const laws = (headers: Record<string, string>): Promise<Response> => fetch(cloud.laws, { headers });
    const authorization = `Bearer ${cloud.control.token}`;
    expect(await (await laws({ authorization })).json()).toEqual({ broken: [] });
    expect((await laws({})).status).toBe(401);
    expect((await laws({ authorization, origin: "https://evil.example" })).status).toBe(403);
  });

  it("answers the README's curl line with its catalog: name from its DNS, login, no other header", async () => {
    const line = /^curl -u username:password (http:\S+)$/m.exec(README)?.[1] ?? "";
    const { hostname, port, pathname } = new URL(line);
    const resolver = new Resolver();
    resolver.setServers([cloud.dns.address]);
    const [address] = await resolver.resolve4(hostname);
    const { username, password } = cloud.brokers[0] ?? { username: "", password: "" };
    const headers = { host: `${hostname}:${port}` };
    const sent = request({ host: address, port, path: pathname, headers, auth: `${username}:${password}` });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    expect(plansOf(await json(answer))).toHaveLength(6);
  });

  it.skipIf(!HAS_CURL)("answers the example of the README, with the real curl", async () => {
    const example = /```\n(eval [^`]*?curl --resolve [^`]*)```/.exec(README)?.[1] ?? "";
    const script = HAS_DIG ? example : `dig() { "${process.execPath}" "${DIG}" "$@"; }\n${example}`;
    const { stdout } = await run("bash", ["-ec", script], { env: { ...process.env, ...own } });
    expect(plansOf(JSON.parse(stdout))).toHaveLength(6);
  });

  it("is found by env, which a shell can eval, in a file that nobody else can read", async () => {
    const { stdout, code } = await drydock("env");
    expect(code).toBe(0);
    const { stdout: echoed } = await run("sh", ["-c", `${stdout}\nprintf %s "$BOSH_CA_CERT"`]);
    expect(echoed).toBe(cloud.director.caCert);
    const folder = join(runtime, readdirSync(runtime).find((name) => name.startsWith("drydock-")) ?? "");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  it("keeps its block: another cloud there is refused in one line", async () => {
    const second = await drydock("up", "--json", "--block", cloud.block);
    expect(second).toMatchObject({ code: 2, stdout: "" });
    expect(second.stderr).toMatch(/^drydock: .*LIVE_PORT_TAKEN.*\n$/);
  });

  it.skipIf(!HAS_PROC)("takes a large stemcell over TLS in little memory", async () => {
    const residentMib = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${up.child.pid}/status`, "utf8"))?.[1]) / 1024;
    const before = residentMib();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, residentMib())), 20);
    expect(await uploadStemcell(cloud.director, 100)).toMatchObject({ status: 303 });
    clearInterval(watch);
    expect(most - before).toBeLessThan(60);
  });

  it.skipIf(!HAS_BOSH)("satisfies the bosh CLI", async () => {
    const bosh = (...args: string[]): Promise<string> => ask("bosh", "-n", ...args);
    expect(await bosh("env")).toContain("openstack_cpi");
    expect(await bosh("deployments")).toContain("postgresql-service/1");
    await bosh("upload-stemcell", join(FIXTURES, "stemcell-1.1.tgz"));
    await bosh("upload-release", join(FIXTURES, "demo-1.tgz"));
    expect(await bosh("-d", "consul-dns", "instances", "--ps")).toMatch(/consul-server\s+running/);
    expect(await bosh("-d", "service-guard", "recreate")).toMatch(/Updating instance guard: guard/);
    expect(await bosh("tasks", "--recent")).toMatch(/done.*create release/);
    expect(await bosh("events", "--object-type", "vm")).toMatch(/create\s+vm/);
    expect(await bosh("vms")).toMatch(/guard\/\S+\s+running/);
    await bosh("-d", "mongodb-service", "delete-deployment");
    expect(await bosh("deployments")).not.toContain("mongodb-service");
  });

  it.skipIf(!HAS_OPENSTACK)("satisfies the openstack CLI", async () => {
    // Its interactive mode: one process for everything, as it starts slowly.
    const commands = [
      "token issue -f value -c project_id",
      "server create --image ubuntu-22.04 --flavor m1.small --network management --wait probe -f value -c status",
      "volume create --size 1 data -f value -c size",
      "server add volume probe data -f value -c Device",
      "volume show data -f value -c status",
      "server delete --wait probe",
      "server list --name probe -f value",
      "network show management -f value -c name",
      "image show ubuntu-22.04 -f value -c status",
      "security group show service-instances -f value -c name",
    ];
    const asked = run("openstack", [], { env: environment });
    asked.child.stdin?.end(commands.join("\n"));
    // That mode always ends with 1.
    const { stdout } = await asked.catch((error: { readonly stdout: string }) => error);
    const [project, ...answers] = stdout.split("\n").filter((line) => line !== "");
    expect(project).toMatch(/^[0-9a-f]{32}$/);
    expect(answers).toEqual(["ACTIVE", "1", "/dev/sdb", "in-use", "management", "active", "service-instances"]);
  });

  it.skipIf(!HAS_CURL || !MAY_UNSHARE)(
    "has names that libc resolves, in a namespace whose resolv.conf says so",
    async (context) => {
      if (!cloud.dns.port53) {
        process.stderr.write(`skipped: a namespace with a resolv.conf: nobody may listen at port 53\n`);
        return context.skip();
      }
      const [broker] = cloud.brokers;
      const config = join(runtime, "resolv.conf");
      writeFileSync(config, `nameserver ${cloud.dns.bosh.split(":")[0]}\n`);
      const line = `curl -sS -u ${broker?.username}:${broker?.password} ${broker?.consulUrl}/v2/catalog`;
      const { stdout } = await run("unshare", [
        "--mount",
        "sh",
        "-c",
        `mount --bind ${config} /etc/resolv.conf && ${line}`,
      ]);
      expect(plansOf(JSON.parse(stdout)).length).toBeGreaterThan(0);
    },
  );

  it.skipIf(!HAS_DIG)("satisfies dig", async () => {
    const [host = "", port = ""] = cloud.dns.address.split(":");
    const dig = (...args: string[]): Promise<string> => ask("dig", `@${host}`, "-p", port, ...args);
    const { hostname } = new URL(cloud.brokers[0]?.consulUrl ?? "");
    const ip = new URL(cloud.brokers[0]?.url ?? "").hostname;
    for (const transport of ["+notcp", "+tcp"]) {
      expect(await dig("+short", transport, hostname)).toBe(`${ip}\n`);
      expect(await dig("+short", transport, hostname, "SRV")).toMatch(/^1 1 3000 \S+\.consul\.\n$/);
      expect(await dig(transport, `no-${hostname}`)).toContain("status: NXDOMAIN");
    }
    expect(await dig("+short", "consul", "SOA")).toMatch(/^ns\.consul\. hostmaster\.consul\. \d+ /);
  });
});

describe("exec", { timeout: BOOTS_MS_MAX }, () => {
  it("exits with the command's exit code, and gives the command the cloud in its environment", async () => {
    const script = `const broker = JSON.parse(process.env.DRYDOCK_BROKERS)[0];
      const response = await fetch(broker.url + "/v2/catalog");
      const authorization = "Bearer " + process.env.DRYDOCK_CONTROL_TOKEN;
      const laws = await fetch(process.env.DRYDOCK_CONTROL + "/laws", { headers: { authorization } });
      console.log(response.status, laws.status, process.env.OS_AUTH_URL.startsWith("http://127."), process.env.NO_PROXY);
      process.exit(7);`;
    const command = [BIN, "exec", "--", process.execPath, "--input-type=module", "-e", script];
    const ended = run(process.execPath, command, {
      env: { ...process.env, ...own, http_proxy: "http://127.0.0.1:9", no_proxy: "localhost" },
    });
    await expect(ended).rejects.toMatchObject({ code: 7, stdout: "401 200 true localhost,127.0.0.0/8\n", stderr: "" });
  });

  it("has new secrets each time, and warns that those of a seed are always the same", async () => {
    const secrets = ["BOSH_CLIENT_SECRET", "OS_PASSWORD", "DRYDOCK_BROKER_PASSWORD"];
    const print = `printf '%s\\n' ${secrets.map((name) => `"$${name}"`).join(" ")} "$DRYDOCK_CONTROL_TOKEN"`;
    const [one, other, seeded, again] = await Promise.all(
      [[], [], ["--seed", "7"], ["--seed", "7"]].map((seed) => drydock("exec", ...seed, "--", "sh", "-c", print)),
    );
    const linesOf = (ended?: CommandResult): readonly string[] => ended?.stdout.split("\n").slice(0, -1) ?? [];
    expect(new Set([one, other, seeded].flatMap(linesOf)).size).toBe(3 * (secrets.length + 1));
    expect(linesOf(again).slice(0, -1)).toEqual(linesOf(seeded).slice(0, -1));
    expect(linesOf(again).at(-1)).not.toBe(linesOf(seeded).at(-1));
    expect([one?.stderr, other?.stderr]).toEqual(["", ""]);
    for (const ended of [seeded, again])
      expect(ended?.stderr).toMatch(/^drydock: every password of this cloud follows from its seed.*\n$/);
  });

  it("passes signals on and cleans up", async () => {
    const running = start("exec", "--", "sh", "-c", "echo begun; exec sleep 60");
    expect(await running.firstLine).toBe("begun");
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 128 + 15, stderr: "" });
  });

  it("says in one line why the command could not be started", async () => {
    const [none, unknown] = await Promise.all([drydock("exec"), drydock("exec", "--", "no-such-command")]);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/^drydock: .*CLI_NO_COMMAND.*\n$/) as string });
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^drydock: .*no-such-command.*CLI_COMMAND_NOT_FOUND.*\n$/) as string,
    });
  });
});

describe("env", { timeout: BOOTS_MS_MAX }, () => {
  it("neither reads nor writes a folder that another user may have created", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "drydock-test-"));
    const { uid, username } = userInfo();
    mkdirSync(join(elsewhere, "mine"), { mode: 0o700 });
    symlinkSync(join(elsewhere, "mine"), join(elsewhere, `drydock-${uid < 0 ? username : uid}`));
    const { code, stderr } = await startDrydock(["env"], { XDG_RUNTIME_DIR: elsewhere }).ended;
    rmSync(elsewhere, { recursive: true });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^drydock: .*CLI_STATE_FOLDER.*\n$/)]);
  });

  it("says in one line that no cloud is up, and ignores what a killed one left behind", async () => {
    const up = start("up", "--json");
    await up.firstLine;
    up.child.kill("SIGKILL");
    await up.ended;
    const { code, stderr } = await drydock("env");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^drydock: .*CLI_NO_CLOUD.*\n$/)]);
  });
});
