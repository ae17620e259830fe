import { execFile, spawnSync } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { connect } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WallDriver } from "../../kernel/edge/drive.ts";
import { Kernel } from "../../kernel/index.ts";
import { createDns, type Dns } from "../index.ts";
import { type ServedDns, serveDns } from "./server.ts";

const HOST = "127.0.0.1";
const hasDig = spawnSync("dig", ["-v"]).error === undefined;

let dns: Dns;
let driver: WallDriver;
let served: ServedDns;
let port = "";

beforeAll(async () => {
  const kernel = new Kernel({ seed: "live" });
  dns = createDns(kernel, {
    address: HOST,
    config: { dns_config: { enable_truncate: true, service_ttl: { "*": "7s" } } },
  });
  for (let at = 1; at <= 5; at++) {
    dns.catalog.registerNode(`pg-${at}`, `10.0.0.${at}`, { meta: { zone: `z${at}` } });
    dns.catalog.registerService({
      node: `pg-${at}`,
      id: "pg",
      name: "pg",
      address: "",
      port: 5432,
      tags: at === 1 ? ["master"] : [],
      meta: null,
      weights: { passing: 1, warning: 1 },
    });
  }
  driver = new WallDriver(kernel);
  served = await serveDns(dns, driver, { host: HOST, port: 0 });
  port = served.address.split(":")[1] as string;
});

afterAll(async () => {
  await served.close();
  driver.stop();
});

const ADDRESSES = [1, 2, 3, 4, 5].map((at) => `10.0.0.${at}`);

describe("Node's resolver", () => {
  const resolver = (): Resolver => {
    const own = new Resolver({ timeout: 20_000, tries: 2 });
    own.setServers([`${HOST}:${port}`]);
    return own;
  };

  it("asks over UDP, sees that the answer is truncated, and gets all of it over TCP", async () => {
    expect((await resolver().resolve4("pg.service.consul")).sort()).toEqual(ADDRESSES);
  });

  it("resolves one member by its tag, and services with their ports", async () => {
    expect(await resolver().resolve4("master.pg.service.dc1.consul", { ttl: true })).toEqual([
      { address: "10.0.0.1", ttl: 7 },
    ]);
    const records = await resolver().resolveSrv("_pg._tcp.service.consul");
    expect(records).toContainEqual(
      expect.objectContaining({ priority: 1, weight: 1, port: 5432, name: "pg-3.node.dc1.consul" }),
    );
  });

  it("finds the names of addresses that have one", async () => {
    expect(await resolver().reverse("10.0.0.2")).toEqual(["pg-2.node.dc1.consul"]);
    await expect(resolver().resolve4("ghost.service.consul")).rejects.toMatchObject({ code: "ENOTFOUND" });
    await expect(resolver().resolve6("pg-1.node.consul")).rejects.toMatchObject({ code: "ENODATA" });
    await expect(resolver().resolve4("example.com")).rejects.toMatchObject({ code: "EREFUSED" });
  });
});

describe("a TCP connection", () => {
  it("may carry messages one byte at a time, several at once, and empty ones in between", async () => {
    const message = Buffer.from("100101000001000000000000" + "0470672d31046e6f646506636f6e73756c0000010001", "hex");
    const frame = Buffer.concat([Buffer.from([0, message.length]), message]);
    const socket = connect(Number(port), HOST);
    const received: Buffer[] = [];
    socket.on("data", (chunk) => received.push(chunk));
    for (const byte of frame) socket.write(Buffer.from([byte]));
    socket.write(Buffer.concat([Buffer.from([0, 0]), frame, frame]));
    await expect.poll(() => Buffer.concat(received).toString("hex").split("10018").length - 1).toBe(3);
    socket.destroy();
  });
});

describe.skipIf(!hasDig)(`dig${hasDig ? "" : " (skipped: no dig on this machine, install dnsutils)"}`, () => {
  const dig = async (...args: string[]): Promise<string> => {
    const common = [`@${HOST}`, "-p", port, "+time=20", "+tries=2"];
    return (await promisify(execFile)("dig", [...common, ...args])).stdout;
  };

  it("gets addresses, over UDP with EDNS and over TCP", async () => {
    expect((await dig("+short", "pg-1.node.consul")).trim()).toBe("10.0.0.1");
    expect((await dig("+short", "+noedns", "+ignore", "pg.service.consul")).trim().split("\n")).toHaveLength(3);
    expect((await dig("+short", "+tcp", "pg.service.consul")).trim().split("\n").sort()).toEqual(ADDRESSES);
    expect(await dig("+bufsize=4096", "pg.service.consul")).toMatch(/EDNS: version: 0.*udp: 4096/);
  });

  it("gets SRV records with the addresses of their targets", async () => {
    const out = await dig("+bufsize=4096", "pg.service.consul", "SRV");
    expect(out).toMatch(/pg\.service\.consul\.\s+7\s+IN\s+SRV\s+1 1 5432 pg-2\.node\.dc1\.consul\./);
    expect(out).toMatch(/pg-2\.node\.dc1\.consul\.\s+7\s+IN\s+A\s+10\.0\.0\.2/);
  });

  it("gets the SOA and the name servers of the domain, and NXDOMAIN with the SOA for what is missing", async () => {
    expect(await dig("+short", "consul", "SOA")).toMatch(/^ns\.consul\. hostmaster\.consul\. \d+ 3600 600 86400 0/);
    expect((await dig("+short", "consul", "NS")).trim()).toBe("consul-0.node.dc1.consul.");
    const missing = await dig("ghost.node.consul");
    expect(missing).toContain("status: NXDOMAIN");
    expect(missing).toMatch(/AUTHORITY SECTION:\nconsul\.\s+0\s+IN\s+SOA/);
  });

  it("gets reverse names, text and a refusal outside the domain", async () => {
    expect((await dig("+short", "-x", "10.0.0.4")).trim()).toBe("pg-4.node.dc1.consul.");
    expect((await dig("+short", "pg-4.node.consul", "TXT")).trim()).toBe('"zone=z4"');
    expect(await dig("example.com")).toContain("status: REFUSED");
  });
});
