import { faultPoint } from "./kernel/index.ts";

const AGENT = {
  node: { prose: "the name of the node" },
  service: { prose: "the name of the agent's service" },
  deployment: { prose: "the deployment of the VM" },
};

/** Where the Consul agents of VMs fail. */
export const AGENT_POINTS = {
  alias: faultPoint({
    point: "consul-agent:alias",
    effects: ["delay", "reset", "lost-reply"],
    prose:
      "A new primary's agent registers the alias that clients connect to late (delay), never (reset: it does not try again), or twice, a second apart, when the alias may already belong to another node (lost-reply). Until then the alias leads to the old primary.",
    attributes: { ...AGENT, alias: { prose: "the name of the alias" } },
  }),
  check: faultPoint({
    point: "consul-agent:check",
    effects: ["error", "stuck"],
    prose:
      "An agent's look at its service: the check is critical with this output although the service works (error), or stays as it was (stuck). While a rule is armed every agent looks every ten seconds; DNS leaves critical instances out.",
    attributes: AGENT,
  }),
  agent: faultPoint({
    point: "consul-agent:serf",
    effects: ["vanish"],
    prose:
      "The other agents consider one dead although its VM lives: its serfHealth is critical and DNS leaves its services out. Evaluated every ten seconds while a rule is armed.",
    attributes: AGENT,
  }),
  maintenance: faultPoint({
    point: "consul-agent:maintenance",
    effects: ["error"],
    prose:
      "A node is in maintenance, for the reason that the message gives: DNS leaves its services out. Evaluated every ten seconds while a rule is armed.",
    attributes: AGENT,
  }),
  sync: faultPoint({
    point: "consul-agent:sync",
    effects: ["reset"],
    prose: "An agent can't write what it knows to the catalog: its checks stay there as they were until it next looks.",
    attributes: AGENT,
  }),
} as const;
