import type { Slip } from "./slip.ts";

const ZONES = ["simulators/dns/zones"];
const AGENTS = ["simulators/consul-agents.test.ts"];

/** Slips in the name server of zones, and in the Consul agents of VMs. */
export const NAME_SLIPS: readonly Slip[] = [
  {
    id: "zone-negative-answer-kept-too-long",
    breaks: "a negative answer is cached for no longer than the SOA's minimum",
    file: "simulators/dns/zones/answer.ts",
    from: "ttl: Math.min(soa.ttl, soa.data.minimum)",
    to: "ttl: Math.max(soa.ttl, soa.data.minimum)",
    tests: ZONES,
  },
  {
    id: "zone-referral-is-authoritative",
    breaks: "a referral has no AA",
    file: "simulators/dns/zones/answer.ts",
    from: "if (this.#message.answer.length === 0) this.#message.flags &= ~FLAG.AA;",
    to: "if (this.#message.answer.length > 0) this.#message.flags &= ~FLAG.AA;",
    tests: ZONES,
  },
  {
    id: "zone-cut-answer-looks-whole",
    breaks: "an answer that does not fit has TC",
    file: "simulators/dns/zones/answer.ts",
    from: "message.flags |= FLAG.TC;",
    to: "message.flags |= 0;",
    tests: ZONES,
  },
  {
    id: "consul-alias-stays-with-old-primary",
    breaks: "the alias of a primary moves to the replica that is promoted",
    file: "simulators/consul-agents.ts",
    from: "this.#dns.catalog.registerNode(agent.alias, address);",
    to: "this.#dns.catalog.node(agent.alias);",
    tests: AGENTS,
  },
  {
    id: "consul-lost-agent-alive",
    breaks: "an agent whose VM has vanished is found dead",
    file: "simulators/consul-agents.ts",
    from: "!agent.isLost && faults.at(POINTS.agent, attributes) === undefined",
    to: "faults.at(POINTS.agent, attributes) === undefined",
    tests: AGENTS,
  },
];
