import { type AddressPlan, CONSUL_DNS_PORT, DNS_PORT } from "./addresses.ts";
import { type Bosh, dnsRecords } from "./bosh/index.ts";
import {
  type BoshDns,
  createBoshDns,
  createZoneServer,
  type Dns,
  type NameServer,
  type Upstream,
} from "./dns/index.ts";
import type { Kernel, Slot } from "./kernel/index.ts";
import { NAMESERVER, type OpenStack } from "./openstack/index.ts";
import { PublishedZones } from "./zones.ts";

/** A world's name servers other than Consul, and how names resolve in it. */
export interface Names {
  readonly boshDns: BoshDns;
  /** The name server of Designate's pool. */
  readonly nameServer: NameServer;
  /** The first IPv4 address of a name, from whichever server is responsible for its domain. */
  resolve(name: string): string | undefined;
}

interface Parts {
  readonly bosh: Bosh;
  readonly dns: Dns;
  readonly openstack: OpenStack;
  readonly plan: AddressPlan;
}

/** How long the health server of a VM takes to answer, ms. */
const HEALTH_MS = 20;
const HEALTH_OF: Readonly<Record<string, string>> = { running: "running", stopped: "failing", failing: "failing" };

const answerOf =
  (server: NameServer): NonNullable<Upstream["server"]> =>
  (message, transport) =>
    server.answer(message, transport);

/** Makes BOSH DNS, from the director's records, and the name server that Designate publishes to. */
export function createNames(kernel: Kernel, { bosh, dns, openstack, plan }: Parts): Names {
  const published = new PublishedZones(openstack, () => kernel.nowMs, NAMESERVER, plan.nameServer);
  const nameServer = createZoneServer(kernel, {
    hosting: () => published.hosting(),
    hostingBack: (ageMs) => published.hostingBack(ageMs),
  });
  const records = new DirectorRecords(kernel, bosh);
  const upstreams: ReadonlyMap<string, Upstream> = new Map(
    [
      { listen: `${plan.consul}:${CONSUL_DNS_PORT}`, answers: {}, server: answerOf(dns) },
      { listen: `${plan.nameServer}:${DNS_PORT}`, answers: {}, server: answerOf(nameServer) },
    ].map((each) => [each.listen, each]),
  );
  const boshDns = createBoshDns(kernel, {
    // As bosh-deployment's runtime config has it; other names go to Designate's server.
    config: { health: { enabled: true }, recursors: [plan.nameServer] },
    recordsNow: () => records.text(),
    handlers: [[{ domain: "consul.", source: { type: "dns", recursors: [`${plan.consul}:${CONSUL_DNS_PORT}`] } }]],
    upstreamAt: (address) => upstreams.get(address),
    health: (ip) => {
      const state = records.jobStateOf(ip);
      if (state === undefined) return undefined;
      return { health: { state: HEALTH_OF[state] ?? "failing", groups: {} }, afterMs: HEALTH_MS };
    },
  });
  return {
    boshDns,
    nameServer,
    resolve: (name) => (/\.bosh\.?$/.test(name) ? boshDns.resolve(name) : dns.resolve(name)),
  };
}

/** How long the records may go without another look while no change was noted, in ms. */
const PUBLISHED_EVERY_MS = 1000;

/** The director's records; made anew at the first question after a change. */
class DirectorRecords {
  readonly #kernel: Kernel;
  readonly #bosh: Bosh;
  readonly #slot: Slot<{ version: number; body: string; text: string }>;
  #isStale = true;
  #madeMs = 0;
  #byIp = new Map<string, { readonly deployment: string; readonly id: string }>();
  #indexed = "";

  constructor(kernel: Kernel, bosh: Bosh) {
    this.#kernel = kernel;
    this.#bosh = bosh;
    this.#slot = kernel.slot("world/dns-records", { version: 0, body: "", text: "" });
    const mark = (): void => {
      this.#isStale = true;
    };
    kernel.restored.add(mark);
    kernel.journal.listen(({ source }) => {
      if (source === "bosh") mark();
    });
  }

  text(): string {
    const kept = this.#slot.value;
    if (!this.#isStale && this.#kernel.nowMs - this.#madeMs < PUBLISHED_EVERY_MS) return kept.text;
    this.#isStale = false;
    this.#madeMs = this.#kernel.nowMs;
    const body = dnsRecords(this.#bosh.state(), 0);
    if (body === kept.body) return kept.text;
    kept.body = body;
    kept.version++;
    kept.text = dnsRecords(this.#bosh.state(), kept.version);
    return kept.text;
  }

  /** The report of the supervisor of the VM at an address; undefined if there is none. */
  jobStateOf(ip: string): string | undefined {
    const text = this.text();
    if (this.#indexed !== text) {
      this.#indexed = text;
      const all = [...this.#bosh.state().deployments.values()].flatMap(({ instances }) => instances);
      this.#byIp = new Map(all.flatMap(({ ips, deployment, id }) => ips.map((each) => [each.ip, { deployment, id }])));
    }
    const found = this.#byIp.get(ip);
    const instances = found && this.#bosh.state().deployments.get(found.deployment)?.instances;
    return instances?.find(({ id }) => id === found?.id)?.vm?.jobState;
  }
}
