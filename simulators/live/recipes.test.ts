import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HIGH_DNS_PORT } from "../addresses.ts";
import { createBoshDns, createDns } from "../dns/index.ts";
import { type ServedDns, serveDns } from "../dns/live/server.ts";
import { WallDriver } from "../kernel/edge/drive.ts";
import { Kernel } from "../kernel/index.ts";

/*
 * The recipes of docs/names.md, each with the real program where it is installed.
 */

const DOCUMENT = readFileSync(new URL("../../docs/names.md", import.meta.url), "utf8");
/** Addresses that no cloud takes, and no other run of this test. */
const BLOCK = `127.${200 + (process.pid % 50)}.${process.pid % 250}`;
const [CONSUL, BOSH] = [`${BLOCK}.10`, `${BLOCK}.12`];
const NODE = "pg-0.node.dc1.consul";
const SERVICE = "pg.service.consul";
const INSTANCE = "q-s0.pg.net.dep.bosh";
const ADDRESSES: Readonly<Record<string, string>> = {
  [NODE]: "10.9.0.1",
  [SERVICE]: "10.9.0.1",
  [INSTANCE]: "10.9.0.2",
};
const RECORDS = JSON.stringify({
  Version: 1,
  record_keys: ["id", "instance_group", "network", "deployment", "ip", "domain"],
  record_infos: [["i-1", "pg", "net", "dep", "10.9.0.2", "bosh"]],
  aliases: {},
  records: [],
});

/** A recipe with addresses in the place of their names. */
function recipe(name: string, places: Readonly<Record<string, string>> = {}): string {
  const [, text] = new RegExp(`<!-- recipe: ${name} -->\\n\`\`\`\\n([^]*?)\`\`\``).exec(DOCUMENT) ?? [];
  if (text === undefined) throw new Error(`docs/names.md has no recipe ${name}`);
  return Object.entries({ CONSUL, BOSH, ...places }).reduce(
    (filled, [word, value]) => filled.replaceAll(word, value),
    text,
  );
}

const directory = mkdtempSync(join(tmpdir(), "drydock-names-"));
const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const children: ChildProcess[] = [];
const run = (program: string, ...args: string[]): ChildProcess => {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  child.on("error", () => {});
  children.push(child);
  return child;
};

const served: ServedDns[] = [];
let driver: WallDriver;
let whyNo53 = "";

beforeAll(async () => {
  const kernel = new Kernel({ seed: "recipes" });
  const dns = createDns(kernel, { address: CONSUL });
  dns.catalog.registerNode("pg-0", "10.9.0.1");
  const weights = { passing: 1, warning: 1 };
  dns.catalog.registerService({
    node: "pg-0",
    id: "pg",
    name: "pg",
    address: "",
    port: 1,
    tags: [],
    meta: null,
    weights,
  });
  const boshDns = createBoshDns(kernel, {
    records: RECORDS,
    handlers: [[{ domain: "consul.", source: { type: "dns", recursors: [`${CONSUL}:8600`] } }]],
    upstreamAt: () => ({ listen: "", answers: {}, server: (message, transport) => dns.answer(message, transport) }),
  });
  driver = new WallDriver(kernel);
  served.push(await serveDns(dns, driver, { host: CONSUL, port: 8600 }));
  served.push(await serveDns(boshDns, driver, { host: BOSH, port: HIGH_DNS_PORT }));
  try {
    served.push(await serveDns(boshDns, driver, { host: BOSH, port: 53 }));
  } catch (error) {
    whyNo53 = String(error);
  }
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const each of served) await each.close();
  driver.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A port that is free over both UDP and TCP: DNS servers take both. */
async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const socket = createSocket("udp4");
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind(port, "127.0.0.1", () => resolve(true));
    });
    socket.close();
    server.close();
    await once(server, "close");
    if (isFree) return port;
  }
}

/** Asks until the program answers; it may still be starting. */
async function expectResolves(port: number, names: readonly string[]): Promise<void> {
  const resolver = new Resolver({ timeout: 5000, tries: 3 });
  resolver.setServers([`127.0.0.1:${port}`]);
  for (const name of names)
    await expect
      .poll(() => resolver.resolve4(name).catch(String), { timeout: 60_000, interval: 200 })
      .toEqual([ADDRESSES[name]]);
}

const isInstalled = (program: string, ...args: string[]): boolean => {
  if (spawnSync(program, args).error === undefined) return true;
  process.stderr.write(`skipped: the recipe for ${program}: it is not installed\n`);
  return false;
};
const BOTH = [NODE, SERVICE, INSTANCE];
const LIMIT = 120_000;

describe("the recipes of docs/names.md", { timeout: LIMIT }, () => {
  it.skipIf(!isInstalled("dnsmasq", "--version"))("dnsmasq", async () => {
    const port = await freePort();
    const config = file(
      "dnsmasq.conf",
      `${recipe("dnsmasq.conf")}port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\n`,
    );
    run("dnsmasq", "--keep-in-foreground", "--user=", `--conf-file=${config}`, "--pid-file=");
    await expectResolves(port, BOTH);
  });

  it.skipIf(!isInstalled("unbound", "-V"))("unbound", async () => {
    const port = await freePort();
    const own = `interface: 127.0.0.1\n  port: ${port}\n  username: ""\n  chroot: ""\n  pidfile: ""\n  directory: "${directory}"\n`;
    const config = file("unbound.conf", recipe("unbound.conf").replace("server:\n", `server:\n  ${own}`));
    run("unbound", "-d", "-c", config);
    await expectResolves(port, BOTH);
  });

  it.skipIf(!isInstalled("coredns", "-version"))("CoreDNS", async () => {
    const port = await freePort();
    run("coredns", "-conf", file("Corefile", recipe("Corefile", { PORT: String(port) })));
    await expectResolves(port, BOTH);
  });

  const resolved = ["/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved"].find((path) =>
    existsSync(path),
  );
  const mayUnshare = spawnSync("unshare", ["--mount", "true"]).status === 0;
  if (resolved === undefined) process.stderr.write("skipped: the recipe for systemd-resolved: it is not installed\n");
  if (!mayUnshare) process.stderr.write("skipped: the recipe for a namespace: this user may not unshare\n");

  it.skipIf(resolved === undefined || !mayUnshare)("systemd-resolved", async () => {
    const port = await freePort();
    const own = `DNSStubListener=no\nDNSStubListenerExtra=127.0.0.1:${port}\n`;
    const config = file("resolved.conf", recipe("resolved.conf") + own);
    const passwd = readFileSync("/etc/passwd", "utf8");
    const user = passwd.includes("systemd-resolve:") ? "" : "systemd-resolve:x:0:0::/:/bin/false\n";
    const users = file("passwd", passwd + user);
    const script = [
      "mount -t tmpfs tmpfs /run",
      "mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d",
      `cp ${config} /run/systemd/resolved.conf.d/drydock.conf`,
      `mount --bind ${users} /etc/passwd`,
      `exec ${resolved}`,
    ].join(" && ");
    // The files must not lie under /run, which the namespace hides.
    run("unshare", "--mount", "sh", "-c", script);
    await expectResolves(port, [NODE, SERVICE]);
  });

  it.skipIf(!mayUnshare)("/etc/resolv.conf of a namespace", async (context) => {
    if (whyNo53 !== "") {
      process.stderr.write(`skipped: the recipe for a namespace: nobody may listen at port 53 (${whyNo53})\n`);
      return context.skip();
    }
    const config = file("resolv.conf", recipe("resolv.conf"));
    const look = BOTH.map((name) => `getent ahostsv4 ${name}`).join(" && ");
    const { stdout } = await promisify(execFile)("unshare", [
      "--mount",
      "sh",
      "-c",
      `mount --bind ${config} /etc/resolv.conf && ${look}`,
    ]);
    for (const address of Object.values(ADDRESSES)) expect(stdout).toContain(address);
  });
});
