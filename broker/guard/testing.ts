import type { Reply, Sent } from "../testing.ts";

interface Rule {
  readonly id: string;
  readonly direction: string;
  readonly ethertype: string;
  readonly protocol: string | null;
  readonly port_range_min: number | null;
  readonly port_range_max: number | null;
  readonly remote_ip_prefix: string | null;
  readonly remote_group_id: string | null;
}

interface Group {
  readonly id: string;
  readonly name: string;
  security_group_rules: Rule[];
}

interface Port {
  readonly id: string;
  readonly status: string;
  readonly device_id: string;
  readonly device_owner: string;
  security_groups: string[];
}

/** A port of a VM, or one that a VM has left. */
export const portOf = (id: string, vm: string | undefined, groups: readonly string[] = ["default"]): Port => ({
  id,
  status: vm === undefined ? "DOWN" : "ACTIVE",
  device_id: vm ?? "",
  device_owner: vm === undefined ? "" : "compute:nova",
  security_groups: [...groups],
});

/** Reads as `10.0.0.0/24:5432`, or `g1:5432` for the members of a group. */
const textOf = ({ remote_ip_prefix: prefix, remote_group_id: group, port_range_min: port }: Rule): string =>
  `${prefix ?? group}:${port}`;

const refusal = (status: number, type: string): Reply => ({
  status,
  json: { NeutronError: { type, message: type, detail: "" } },
});

const BLANK = {
  ethertype: "IPv4",
  protocol: null,
  port_range_min: null,
  port_range_max: null,
  remote_ip_prefix: null,
  remote_group_id: null,
} as const;

/** For tests: Keystone, and as much of Neutron as data guard uses, with the refusals of the real one. */
export class FakeNeutron {
  readonly groups: Group[] = [];
  readonly ports: Port[] = [portOf("p1", "vm-1"), portOf("p2", "vm-2")];
  #ids = 0;
  /** Most rules that there may be. */
  rulesMax = Number.POSITIVE_INFINITY;
  /** Answers to POST that are lost after the work was done. */
  lost = 0;
  tokens = 0;
  /** Paths that were asked for, with their queries, without logins. */
  readonly asked: string[] = [];
  /** Answers in place of Neutron, as a proxy does. */
  instead: (sent: Sent) => Reply | undefined = () => undefined;

  readonly answer = (sent: Sent): Reply => {
    const { pathname, search, searchParams } = new URL(sent.url);
    if (pathname === "/v3/auth/tokens") return this.#login();
    if (sent.headers["x-auth-token"] !== `token-${this.tokens}`) return { status: 401 };
    this.asked.push(`${sent.method} ${pathname.slice("/v2.0".length)}${search}`);
    const proxied = this.instead(sent);
    if (proxied !== undefined) return proxied;
    const [, , kind = "", id = ""] = pathname.split("/");
    const body = sent.body === "" ? {} : (JSON.parse(sent.body) as Record<string, unknown>);
    const reply = this.#serve(sent.method, kind, id, searchParams, body);
    if (sent.method === "POST" && this.lost-- > 0) return { status: 503 };
    return reply;
  };

  /** A rule that an operator has made by hand. */
  makeRule(group: Group | undefined, rule: Partial<Rule>): void {
    group?.security_group_rules.push({ ...BLANK, direction: "ingress", id: `r${++this.#ids}`, ...rule });
  }

  get open(): readonly string[] {
    return this.groups.flatMap(({ security_group_rules: rules }) =>
      rules.filter(({ direction }) => direction === "ingress").map(textOf),
    );
  }

  #login(): Reply {
    const catalog = [{ type: "network", endpoints: [{ interface: "public", url: "http://neutron" }] }];
    return { status: 201, headers: { "x-subject-token": `token-${++this.tokens}` }, json: { token: { catalog } } };
  }

  #serve(method: string, kind: string, id: string, query: URLSearchParams, body: Record<string, unknown>): Reply {
    if (kind === "ports" && method === "DELETE") return this.#deletePort(id);
    if (kind === "ports") return method === "PUT" ? this.#setPort(id, body) : { json: { ports: this.#portsOf(query) } };
    if (kind === "security-groups") return this.#serveGroups(method, id, query, body);
    return method === "DELETE" ? this.#deleteRule(id) : this.#addRule(body);
  }

  #addRule(body: Record<string, unknown>): Reply {
    const { security_group_id: owner, ...rule } = body.security_group_rule as Rule & { security_group_id: string };
    const all = this.groups.flatMap(({ security_group_rules: rules }) => rules);
    if (all.length >= this.rulesMax) return refusal(409, "OverQuota");
    const group = this.groups.find((each) => each.id === owner);
    if (group === undefined) return refusal(404, "SecurityGroupNotFound");
    const isKnown = group.security_group_rules.some((known) => sameRule(known, { ...BLANK, ...rule, id: known.id }));
    if (isKnown) return refusal(409, "SecurityGroupRuleExists");
    this.makeRule(group, rule);
    return { status: 201, json: {} };
  }

  #deleteRule(id: string): Reply {
    const owner = this.groups.find(({ security_group_rules: rules }) => rules.some((rule) => rule.id === id));
    if (owner === undefined) return refusal(404, "SecurityGroupRuleNotFound");
    owner.security_group_rules = owner.security_group_rules.filter((rule) => rule.id !== id);
    return { status: 204 };
  }

  #serveGroups(method: string, id: string, query: URLSearchParams, body: Record<string, unknown>): Reply {
    if (method === "GET")
      return { json: { security_groups: this.groups.filter(({ name }) => name === (query.get("name") ?? name)) } };
    if (method === "DELETE") return this.#deleteGroup(id);
    const group = { ...(body.security_group as { name: string }), id: `g${++this.#ids}`, security_group_rules: [] };
    this.groups.push(group);
    this.makeRule(group, { direction: "egress" });
    return { status: 201, json: { security_group: group } };
  }

  #deleteGroup(id: string): Reply {
    const at = this.groups.findIndex((group) => group.id === id);
    if (at < 0) return refusal(404, "SecurityGroupNotFound");
    if (this.ports.some(({ security_groups: ids }) => ids.includes(id))) return refusal(409, "SecurityGroupInUse");
    this.groups.splice(at, 1);
    return { status: 204 };
  }

  #portsOf = (query: URLSearchParams): readonly Port[] =>
    this.ports.filter(
      ({ device_id: device, security_groups: ids }) =>
        (!query.has("device_id") || device === query.get("device_id")) &&
        (!query.has("security_groups") || ids.includes(query.get("security_groups") ?? "")),
    );

  #deletePort(id: string): Reply {
    const at = this.ports.findIndex((port) => port.id === id);
    if (at < 0) return refusal(404, "PortNotFound");
    this.ports.splice(at, 1);
    return { status: 204 };
  }

  #setPort(id: string, body: Record<string, unknown>): Reply {
    const port = this.ports.find((each) => each.id === id);
    const { security_groups: wanted } = (body.port ?? {}) as { security_groups: string[] };
    const isKnown = (group: string): boolean => group === "default" || this.groups.some((each) => each.id === group);
    if (port === undefined) return refusal(404, "PortNotFound");
    if (!wanted.every(isKnown)) return refusal(404, "SecurityGroupNotFound");
    port.security_groups = wanted;
    return { json: { port } };
  }
}

const sameRule = (a: object, b: object): boolean => {
  const sortedText = (rule: object): string =>
    JSON.stringify(Object.entries(rule).sort(([x], [y]) => (x < y ? -1 : 1)));
  return sortedText(a) === sortedText(b);
};
