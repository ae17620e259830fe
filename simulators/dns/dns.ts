import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type Packet,
  RECURSION_DESIRED,
} from "dns-packet";
import type { Kernel } from "../kernel/index.ts";
import type { Catalog, NodeRow, ServiceRow } from "./catalog.ts";

export interface DnsOptions {
  /** Default `consul`. */
  readonly domain: string;
  readonly datacenter: string;
}

interface Asked {
  readonly name: string;
  readonly type: string;
}

const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof RCODES;

interface Reply {
  readonly rcode: Rcode;
  readonly answers: readonly Answer[];
  readonly additionals?: readonly Answer[];
  readonly soa?: boolean;
  /** Off for names that are not ours. */
  readonly authoritative?: boolean;
}

const NXDOMAIN: Reply = { rcode: "NXDOMAIN", answers: [], soa: true };
const NODATA: Reply = { rcode: "NOERROR", answers: [], soa: true };
const NOTHING: Reply = { rcode: "NOERROR", answers: [] };

/** Answers of one service without EDNS, over UDP (udp_answer_limit). */
const UDP_ANSWERS_MAX = 3;

const isIp = (text: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(text);
const hexOf = (ip: string): string =>
  ip
    .split(".")
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join("");

/** Consul's DNS: names of nodes and services of one datacenter (Consul 1.8, "DNS Interface"). */
export class ConsulDns {
  readonly #kernel: Kernel;
  readonly #catalog: Catalog;
  readonly #options: DnsOptions;

  constructor(kernel: Kernel, catalog: Catalog, options: DnsOptions) {
    this.#kernel = kernel;
    this.#catalog = catalog;
    this.#options = options;
  }

  /** The answer to a message; `undefined` is silence. */
  answer(message: Uint8Array, transport: "udp" | "tcp"): Uint8Array | undefined {
    if (message.length < 12 || ((message[2] ?? 0) & 0x80) !== 0) return undefined;
    let query: DecodedPacket;
    try {
      query = decode(Buffer.from(message)) as DecodedPacket;
    } catch {
      return header(message, RCODES.FORMERR);
    }
    const question = query.questions?.[0];
    if (question === undefined || query.questions?.length !== 1) return header(message, RCODES.FORMERR);
    const reply = this.#ask({ name: question.name, type: question.type });
    const limited =
      transport === "udp" && !query.additionals?.some(({ type }) => type === "OPT")
        ? reply.answers.slice(0, UDP_ANSWERS_MAX)
        : reply.answers;
    return encode(this.#packet(query, reply, limited));
  }

  #packet(query: DecodedPacket, reply: Reply, answers: readonly Answer[]): Packet {
    const aa = reply.authoritative === false ? 0 : AUTHORITATIVE_ANSWER;
    return {
      type: "response",
      id: query.id ?? 0,
      flags: aa | ((query.flags ?? 0) & RECURSION_DESIRED) | RCODES[reply.rcode],
      questions: query.questions ?? [],
      answers: [...answers],
      authorities: reply.soa === true ? [this.#soa()] : [],
      additionals: [...(reply.additionals ?? [])],
    };
  }

  #soa(): Answer {
    const { domain } = this.#options;
    const serial = Math.floor(this.#kernel.nowMs / 1000);
    return {
      type: "SOA",
      name: domain,
      ttl: 0,
      data: {
        mname: `ns.${domain}`,
        rname: `hostmaster.${domain}`,
        serial,
        refresh: 3600,
        retry: 600,
        expire: 86400,
        minimum: 0,
      },
    };
  }

  /** The first address of a name; `undefined` when there is none. */
  resolve(name: string): string | undefined {
    const [first] = this.#ask({ name, type: "A" }).answers.filter(({ type }) => type === "A");
    return first?.type === "A" ? first.data : undefined;
  }

  #ask(asked: Asked): Reply {
    const name = asked.name.toLowerCase().replace(/\.$/, "");
    const { domain, datacenter } = this.#options;
    if (name !== domain && !name.endsWith(`.${domain}`)) return { rcode: "REFUSED", answers: [], authoritative: false };
    if (asked.type === "SOA") return { rcode: "NOERROR", answers: [this.#soa()] };
    const labels = name
      .slice(0, -domain.length - 1)
      .split(".")
      .filter(Boolean);
    const at = labels.findLastIndex((label) => label === "node" || label === "service" || label === "addr");
    const rfc = labels.findIndex((label) => label.startsWith("_"));
    if (at < 0 && !(asked.type === "SRV" && rfc >= 0)) return NXDOMAIN;
    const trailing = at < 0 ? labels.slice(rfc + 2) : labels.slice(at + 1);
    if (trailing.length > 1 || (trailing.length === 1 && trailing[0] !== datacenter)) return NXDOMAIN;
    const rest = at < 0 ? labels.slice(0, rfc + 2) : labels.slice(0, at);
    switch (at < 0 ? "service" : labels[at]) {
      case "node":
        return this.#node(asked, rest.join("."));
      case "addr":
        return addr(asked, rest.join("."));
      default:
        return this.#service(asked, rest);
    }
  }

  #node(asked: Asked, name: string): Reply {
    if (!["A", "AAAA", "ANY", "TXT"].includes(asked.type)) return NOTHING;
    const node = this.#catalog.node(name);
    if (node === undefined) return NXDOMAIN;
    const meta = metaOf(node, asked.name);
    if (asked.type === "TXT") return { rcode: "NOERROR", answers: meta };
    const addresses = asked.type === "AAAA" ? [] : addressRecord(asked.name, node.address);
    if (asked.type === "ANY") return { rcode: "NOERROR", answers: [...addresses, ...meta] };
    return { rcode: "NOERROR", answers: addresses, additionals: meta };
  }

  #service(asked: Asked, labels: readonly string[]): Reply {
    const isRfc = labels.length === 2 && labels.every((label) => label.startsWith("_"));
    const name = isRfc ? (labels[0] as string).slice(1) : (labels.at(-1) ?? "");
    const tag = isRfc ? (labels[1] === "_tcp" ? "" : (labels[1] as string).slice(1)) : labels.slice(0, -1).join(".");
    const healthy = this.#catalog
      .instancesOf(name)
      .filter((service) => this.#catalog.statusOf(service) !== "critical")
      .filter(({ tags }) => tag === "" || tags.some((each) => each.toLowerCase() === tag));
    if (healthy.length === 0) return NXDOMAIN;
    const shuffled = this.#kernel.random("dns/order").shuffle(healthy);
    if (asked.type === "SRV") return this.#srv(asked, shuffled);
    if (!["A", "ANY", "TXT"].includes(asked.type)) return NODATA;
    const addresses = new Set(shuffled.map((service) => this.#addressOf(service)));
    return { rcode: "NOERROR", answers: [...addresses].flatMap((address) => addressRecord(asked.name, address)) };
  }

  #addressOf({ address, node }: ServiceRow): string {
    return address === "" ? (this.#catalog.node(node)?.address ?? "") : address;
  }

  #srv(asked: Asked, services: readonly ServiceRow[]): Reply {
    const { domain, datacenter } = this.#options;
    const records = services.map((service) => {
      const target =
        service.address === ""
          ? `${service.node}.node.${datacenter}.${domain}`
          : isIp(service.address)
            ? `${hexOf(service.address)}.addr.${datacenter}.${domain}`
            : service.address;
      const weight = this.#catalog.statusOf(service) === "warning" ? service.weights.warning : service.weights.passing;
      const answer: Answer = {
        type: "SRV",
        name: asked.name,
        ttl: 0,
        data: { priority: 1, weight, port: service.port, target },
      };
      return { answer, extra: addressRecord(target, this.#addressOf(service)) };
    });
    return {
      rcode: "NOERROR",
      answers: records.map(({ answer }) => answer),
      additionals: records.flatMap(({ extra }) => extra),
    };
  }
}

const addressRecord = (name: string, address: string): readonly Answer[] =>
  isIp(address)
    ? [{ type: "A", name, ttl: 0, data: address }]
    : address === ""
      ? []
      : [{ type: "CNAME", name, ttl: 0, data: address }];

/** Node metadata as TXT (RFC 1464); keys that begin with `rfc1035-` give their bare value. */
const metaOf = (node: NodeRow, name: string): readonly Answer[] =>
  Object.entries(node.meta).map(([key, value]) => ({
    type: "TXT",
    name,
    ttl: 0,
    data: [key.startsWith("rfc1035-") ? value : `${key}=${value}`],
  }));

function addr(asked: Asked, hex: string): Reply {
  if (!/^[0-9a-f]{8}$/.test(hex)) return NXDOMAIN;
  const ip = [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".");
  return { rcode: "NOERROR", answers: addressRecord(asked.name, ip) };
}

/** An answer of the header alone. */
function header(message: Uint8Array, rcode: number): Uint8Array {
  const reply = new Uint8Array(12);
  reply.set(message.subarray(0, 2));
  reply[2] = 0x80 | ((message[2] ?? 0) & 0x79);
  reply[3] = rcode;
  return reply;
}
