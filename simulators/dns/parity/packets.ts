import type { Random } from "../../kernel/index.ts";
import { frameMessage } from "../wire/codec/frames.ts";
import { TYPE, type Transport } from "../wire/codec/types.ts";
import type { SiblingRequest } from "./siblings.ts";

/*
 * Packets for a real Consul and for ours, drawn from a seed: names of every form over a catalog that `CATALOG_REQUESTS` makes, types, classes,
 * flags, EDNS, and damage.
 */

const WEB_MEMBERS = 12;

function register(
  node: string,
  address: string,
  service?: object,
  checks?: readonly object[],
  extra: object = {},
): SiblingRequest {
  const body = {
    Node: node,
    Address: address,
    ...extra,
    ...(service && { Service: service }),
    ...(checks && { Checks: checks }),
  };
  return { method: "PUT", path: "/v1/catalog/register", body };
}

const check = (node: string, service: string, status: string): object => ({
  Node: node,
  CheckID: `${service}-${status}`,
  Name: "c",
  Status: status,
  ServiceID: service,
});

/** The registrations that make up the catalog for the packets. */
export const CATALOG_REQUESTS: readonly SiblingRequest[] = [
  ...Array.from({ length: WEB_MEMBERS }, (_, at) =>
    register(
      `web-${at}`,
      `10.1.0.${at + 1}`,
      {
        Service: "web",
        Port: 8000 + at,
        Tags: at % 2 === 0 ? ["blue", "v1"] : ["green"],
        Weights: { Passing: at + 1, Warning: 1 },
      },
      [check(`web-${at}`, "web", at === 3 ? "critical" : at === 4 ? "warning" : "passing")],
      { NodeMeta: at < 2 ? { zone: `z${at}`, "rfc1035-txt": "bare" } : null },
    ),
  ),
  register("pair-0", "10.2.0.1", { Service: "pair", Port: 5432, Tags: ["primary"] }),
  register("pair-1", "10.2.0.2", { Service: "pair", Port: 5432, Address: "10.2.1.2" }),
  register("d123456-pg-0", "10.3.0.1"),
  register("d123456-psql-master-alias", "10.3.0.1"),
  register("six", "fd00::1", { Service: "six", Port: 1 }),
  register("mixed", "10.4.0.1", { Service: "mixed", Port: 1, Address: "fd00::2" }),
  register("host", "www.example.net", { Service: "host", Port: 1 }),
  register("chain-1", "chain-2.node.consul", { Service: "chain", Port: 1 }),
  register("chain-2", "pair-0.node.consul"),
  register("named", "10.5.0.1", { Service: "named", Port: 9, Address: "target.example.net" }),
  register("dotted.name", "10.5.0.2", { Service: "under_score", Port: 9 }),
  register("sick", "10.5.0.3", { Service: "sick", Port: 9 }, [check("sick", "sick", "critical")]),
  register("native", "10.5.0.4", { Service: "native", Port: 9, Connect: { Native: true } }),
  { method: "POST", path: "/v1/query", body: { Name: "pq", Service: { Service: "web" }, DNS: { TTL: "9s" } } },
  { method: "POST", path: "/v1/query", body: { Name: "pq-none", Service: { Service: "ghost" } } },
];

const HOSTS = [
  "web.service",
  "blue.web.service",
  "none.web.service",
  "v1.blue.web.service",
  "_web._tcp.service",
  "_web._blue.service",
  "_web._blue",
  "_web._udp.service",
  "pair.service",
  "primary.pair.service",
  "six.service",
  "mixed.service",
  "host.service",
  "chain.service",
  "named.service",
  "under_score.service",
  "sick.service",
  "ghost.service",
  "native.connect",
  "web.connect",
  "web.ingress",
  "consul.service",
  "web-0.node",
  "web-5.node",
  "d123456-pg-0.node",
  "d123456-psql-master-alias.node",
  "six.node",
  "host.node",
  "chain-1.node",
  "dotted.name.node",
  "ghost.node",
  "agent-1.node",
  "pq.query",
  "pq-none.query",
  "ghost.query",
  "_pq._tcp.query",
  "0a010001.addr",
  "fd000000000000000000000000000001.addr",
  "zz.addr",
  "0a0100.addr",
  "",
  "node",
  "service",
  "a.b.c.d.service",
  "x",
] as const;
const DATACENTERS = ["", "", "", "", "dc1", "dc2", "dc1.extra"] as const;
const OTHERS = [
  "1.0.1.10.in-addr.arpa.",
  "1.0.3.10.in-addr.arpa.",
  "9.9.9.9.in-addr.arpa.",
  "1.10.in-addr.arpa.",
  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.",
  "example.net.",
  "www.example.net.",
  ".",
] as const;
const TYPES = [
  TYPE.A,
  TYPE.A,
  TYPE.A,
  TYPE.AAAA,
  TYPE.SRV,
  TYPE.SRV,
  TYPE.ANY,
  TYPE.TXT,
  TYPE.SOA,
  TYPE.NS,
  TYPE.MX,
  TYPE.PTR,
  TYPE.CNAME,
  65,
] as const;
const SIZES = [0, 512, 513, 600, 700, 900, 1232, 4096, 65_535] as const;
const RD = 0x0100;
const FLAG_CHOICES = [RD, RD, RD, 0, RD | 0x0010, RD | 0x0020, RD | 0x0040] as const;

/** A question, and how it is sent. */
export interface DrawnPacket {
  readonly bytes: Buffer;
  readonly transport: Transport;
  /** Whether it is a question as a client would ask it. */
  readonly isWhole: boolean;
  /** For people: `web.service.consul. 1 udp edns 1232`. */
  readonly shown: string;
}

function drawName(random: Random): string {
  if (random.chance(0.12)) return random.pick(OTHERS);
  const host = random.pick(HOSTS);
  const datacenter = random.pick(DATACENTERS);
  const name = [host, datacenter, "consul"].filter((part) => part !== "").join(".");
  const cased = random.chance(0.1)
    ? name.replace(/[a-z]/g, (each) => (random.chance(0.5) ? each.toUpperCase() : each))
    : name;
  return `${cased}.`;
}

function nameBytes(name: string): Buffer {
  const labels = name === "." ? [] : name.slice(0, -1).split(".");
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

/** Draws one packet. `damage`: the probability that it is no longer an intact question. */
export function drawPacket(random: Random, id: number, damage = 0): DrawnPacket {
  const name = drawName(random);
  const type = random.pick(TYPES);
  const size = random.chance(0.5) ? random.pick(SIZES) : undefined;
  const transport: Transport = random.chance(0.15) ? "tcp" : "udp";
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id & 0xffff, 0);
  head.writeUInt16BE(random.pick(FLAG_CHOICES), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(size === undefined ? 0 : 1, 10);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(random.chance(0.05) ? random.pick([0, 3, 255]) : 1, 2);
  const opt = Buffer.alloc(size === undefined ? 0 : 11);
  if (size !== undefined) {
    opt.writeUInt16BE(TYPE.OPT, 1);
    opt.writeUInt16BE(size, 3);
    if (random.chance(0.1)) opt.writeUInt8(1, 6);
    if (random.chance(0.2)) opt.writeUInt8(0x80, 7);
  }
  const whole = Buffer.concat([head, nameBytes(name), tail, opt]);
  const isDamaged = random.chance(damage);
  const bytes = isDamaged ? spoil(random, whole) : whole;
  const shown = `${name} ${type} ${transport}${size === undefined ? "" : ` edns ${size}`}`;
  return { bytes, transport, isWhole: !isDamaged, shown };
}

/** Changes, cuts or lengthens a packet. */
function spoil(random: Random, whole: Buffer): Buffer {
  const bytes = Buffer.from(whole);
  for (let changes = random.int(1, 4); changes > 0; changes--)
    bytes[random.int(2, bytes.length - 1)] = random.int(0, 255);
  if (random.chance(0.3)) return bytes.subarray(0, random.int(0, bytes.length));
  return random.chance(0.2) ? Buffer.concat([bytes, Buffer.from([random.int(0, 255)])]) : bytes;
}

/** A packet as it goes over TCP. */
export const frameOf = (bytes: Buffer): Buffer => frameMessage(bytes);
