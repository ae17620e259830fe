import { faultPoint } from "./kernel/index.ts";

const AGENT = {
  node: { prose: "the name of the node" },
  service: { prose: "the name of the service beside the agent" },
  deployment: { prose: "the deployment of the VM" },
};

/** Where the Consul agents of VMs fail. */
export const AGENT_POINTS = {
  alias: faultPoint({
    point: "consul-agent:alias",
    effects: ["delay", "reset", "lost-reply"],
    prose:
      "A new primary's agent registers the alias that clients connect to late (delay), never (reset: nobody tries again), or twice, the second time a second later, when the alias may belong to another (lost-reply). Until then the alias leads to the old primary.",
    attributes: { ...AGENT, alias: { prose: "the name of the alias" } },
  }),
  check: faultPoint({
    point: "consul-agent:check",
    effects: ["error", "stuck"],
    prose:
      "A look at the service beside an agent: it is critical with this output although the service works (error), or stays as it was (stuck). While a rule is armed every agent looks each ten seconds; DNS leaves critical instances out.",
    attributes: AGENT,
  }),
  agent: faultPoint({
    point: "consul-agent:serf",
    effects: ["vanish"],
    prose:
      "The others take an agent for dead although its VM lives: its serfHealth is critical and DNS leaves its services out. Judged each ten seconds while a rule is armed.",
    attributes: AGENT,
  }),
  maintenance: faultPoint({
    point: "consul-agent:maintenance",
    effects: ["error"],
    prose:
      "A node is in maintenance, for the reason that the message gives: DNS leaves its services out. Judged each ten seconds while a rule is armed.",
    attributes: AGENT,
  }),
  sync: faultPoint({
    point: "consul-agent:sync",
    effects: ["reset"],
    prose: "An agent can't write what it knows to the catalog: its checks stay as they were there until it next looks.",
    attributes: AGENT,
  }),
} as const;
