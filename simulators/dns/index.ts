import type { Kernel, Service } from "../kernel/index.ts";
import { Catalog } from "./catalog.ts";
import { ConsulDns } from "./dns.ts";
import { createConsulHttp } from "./http.ts";

export { Catalog, type CatalogState } from "./catalog.ts";

export interface DnsOptions {
  /** Default `consul`: names end in `.dc1.consul` or `.consul`. */
  readonly domain?: string;
  /** Default `dc1`. */
  readonly datacenter?: string;
  /** Address of the server that answers. */
  readonly address: string;
}

/** Consul: a catalog, its HTTP API, and DNS over it. */
export interface Dns {
  readonly http: Service;
  readonly catalog: Catalog;
  /** The answer to a DNS message; `undefined` is silence. */
  answer(message: Uint8Array, transport: "udp" | "tcp"): Uint8Array | undefined;
  /** The first address of a name. */
  resolve(name: string): string | undefined;
}

export function createDns(kernel: Kernel, options: DnsOptions): Dns {
  kernel.faults.define({
    point: "dns:answer",
    effects: ["reset", "reply", "truncate"],
    prose:
      "A question stays without an answer (reset: the packet is lost), is answered SERVFAIL (reply), or with a cut message (truncate). Resolvers ask again; who resolves must survive all three.",
  });
  const catalog = new Catalog(kernel);
  const names = { domain: options.domain ?? "consul", datacenter: options.datacenter ?? "dc1" };
  const node = { name: "consul-0", id: kernel.random("dns").uuid(), address: options.address };
  catalog.registerNode(node.name, node.address, { id: node.id });
  catalog.registerService({
    node: node.name,
    id: "consul",
    name: "consul",
    address: "",
    port: 8300,
    tags: [],
    meta: {},
    weights: { passing: 1, warning: 1 },
  });
  const dns = new ConsulDns(kernel, catalog, names);
  const answered = (message: Uint8Array, transport: "udp" | "tcp"): Uint8Array | undefined => {
    const effect = kernel.faults.at("dns:answer", { transport });
    if (effect?.kind === "reset") return undefined;
    const reply = dns.answer(message, transport);
    if (effect?.kind === "reply" && reply !== undefined) return servfail(message);
    return effect?.kind === "truncate" ? reply?.subarray(0, effect.bytes) : reply;
  };
  kernel.onInput("dns:answer", ({ message, transport }: { message: Uint8Array; transport: "udp" | "tcp" }) =>
    answered(message, transport),
  );
  return {
    http: createConsulHttp({ kernel, catalog, options: { ...names, node } }),
    catalog,
    answer: (message, transport) => kernel.input("dns:answer", { message, transport }) as Uint8Array | undefined,
    resolve: (name) => dns.resolve(name),
  };
}

const SERVFAIL = 2;

function servfail(message: Uint8Array): Uint8Array {
  const reply = new Uint8Array(message);
  reply[2] = 0x84 | ((message[2] ?? 0) & 0x01);
  reply[3] = SERVFAIL;
  return reply;
}
