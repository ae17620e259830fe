import type { Host } from "../host.ts";
import { retryWhileDown } from "../http/client.ts";
import { networkOf } from "./cidr.ts";
import type { Group, Neutron, NewRule, Rule } from "./neutron.ts";

/** What data guard has to know of an instance. */
export interface GuardedInstance {
  readonly id: string;
  /** How many nodes it has or is about to have: those of one instance talk to each other. */
  readonly nodes: number;
}

/**
 * Data guard: an instance can be reached at its service's port only while a binding admits somebody, at its agent's port only by who manages
 * it, and at no port by another instance. Every method may be called again after a failure.
 */
export interface Guard {
  /** Sees that the instance has a group of its own, that its nodes and its managers are let in, and that its VMs' ports carry it. */
  protect(instance: GuardedInstance, vmCids: readonly string[]): Promise<void>;
  /** Puts the group of an instance, if it has one, on its VMs' ports. */
  reprotect(instanceId: string, vmCids: readonly string[]): Promise<void>;
  /** How many ports carry the group of an instance, by instance. */
  guardedPorts(): Promise<ReadonlyMap<string, number>>;
  /** Opens the service's port to these networks, and closes it to all others. @throws FinalError when it could not be opened */
  admit(instance: GuardedInstance, cidrs: readonly string[]): Promise<void>;
  /** Closes the instance to all applications. It opens nothing, so no quota stands in its way. */
  close(instanceId: string): Promise<void>;
  /** Takes the group off the ports and deletes it. */
  remove(instanceId: string): Promise<void>;
}

export interface GuardOptions {
  readonly servicePort: number;
  readonly agentPort: number;
  /** Networks from which instances are managed. */
  readonly managers: readonly string[];
}

const PREFIX = "guard_";
const nameOf = (instanceId: string): string => `${PREFIX}${instanceId}`;

type Peer = Pick<NewRule, "remote_ip_prefix" | "remote_group_id">;

const fromNetwork = (cidr: string): Peer => ({ remote_ip_prefix: networkOf(cidr) ?? cidr, remote_group_id: null });
const fromGroup = (id: string): Peer => ({ remote_ip_prefix: null, remote_group_id: id });

const ingressRule = (port: number, peer: Peer): NewRule => ({
  direction: "ingress",
  ethertype: "IPv4",
  protocol: "tcp",
  port_range_min: port,
  port_range_max: port,
  ...peer,
});

/** Every member counts: a rule for the same port that is about UDP, or about more ports, is another rule. */
function isSame(rule: Rule, wanted: NewRule): boolean {
  const prefix = rule.remote_ip_prefix === null ? null : (networkOf(rule.remote_ip_prefix) ?? rule.remote_ip_prefix);
  const { remote_ip_prefix: wantedPrefix, ...rest } = wanted;
  return (
    prefix === wantedPrefix &&
    rule.direction === rest.direction &&
    rule.ethertype === rest.ethertype &&
    rule.protocol === rest.protocol &&
    rule.port_range_min === rest.port_range_min &&
    rule.port_range_max === rest.port_range_max &&
    rule.remote_group_id === rest.remote_group_id
  );
}

const missingRules = ({ security_group_rules: rules }: Group, wanted: readonly NewRule[]): readonly NewRule[] =>
  wanted.filter((each) => !rules.some((rule) => isSame(rule, each)));

const surplusRules = ({ security_group_rules: rules }: Group, wanted: readonly NewRule[]): readonly Rule[] =>
  rules.filter((rule) => rule.direction === "ingress" && !wanted.some((each) => isSame(rule, each)));

export function createGuard(neutron: Neutron, host: Host, { servicePort, agentPort, managers }: GuardOptions): Guard {
  const find = (instanceId: string): Promise<readonly Group[]> => neutron.groups(nameOf(instanceId));
  /** Looks before each try, so that a group whose answer was lost is found instead of made twice. */
  const ensure = async (instanceId: string): Promise<Group> =>
    (await find(instanceId))[0] ?? (await neutron.createGroup(nameOf(instanceId)));

  /** What stays open for as long as there is the instance. */
  const standing = (group: Group, isCluster: boolean): readonly NewRule[] => [
    ...managers.map((cidr) => ingressRule(agentPort, fromNetwork(cidr))),
    ...(isCluster ? [ingressRule(servicePort, fromGroup(group.id))] : []),
  ];
  /** Looks again after each failure: the rule whose answer was lost is there, and nobody takes "there already" for granted. */
  const open = (instanceId: string, wanted: (group: Group) => readonly NewRule[]): Promise<Group> =>
    retryWhileDown(host, async () => {
      const group = await ensure(instanceId);
      for (const rule of missingRules(group, wanted(group))) await neutron.createRule(group.id, rule);
      return group;
    });
  const shut = async (group: Group, wanted: readonly NewRule[]): Promise<void> => {
    for (const { id } of surplusRules(group, wanted)) await neutron.deleteRule(id);
  };

  const carry = async (groupId: string, vmCids: readonly string[]): Promise<void> => {
    for (const vm of vmCids) {
      for (const port of await neutron.ports({ vm }))
        if (!port.security_groups.includes(groupId)) await neutron.setGroups(port, [...port.security_groups, groupId]);
    }
  };
  const drop = async (groupId: string): Promise<void> => {
    for (const port of await neutron.ports({ group: groupId }))
      await neutron.setGroups(
        port,
        port.security_groups.filter((id) => id !== groupId),
      );
  };
  return {
    async protect({ id, nodes }, vmCids) {
      const group = await open(id, (each) => standing(each, nodes > 1));
      await carry(group.id, vmCids);
    },
    async reprotect(instanceId, vmCids) {
      const [group] = await find(instanceId);
      if (group !== undefined) await carry(group.id, vmCids);
    },
    async guardedPorts() {
      const owners = new Map(
        (await neutron.groups()).flatMap(({ id, name }) =>
          name.startsWith(PREFIX) ? [[id, name.slice(PREFIX.length)]] : [],
        ),
      );
      const counts = new Map<string, number>();
      for (const { security_groups: ids } of await neutron.ports()) {
        for (const owner of ids.flatMap((id) => owners.get(id) ?? [])) counts.set(owner, (counts.get(owner) ?? 0) + 1);
      }
      return counts;
    },
    async admit({ id, nodes }, cidrs) {
      const wanted = (group: Group): readonly NewRule[] => [
        ...standing(group, nodes > 1),
        ...cidrs.map((cidr) => ingressRule(servicePort, fromNetwork(cidr))),
      ];
      const group = await open(id, wanted);
      await shut(group, wanted(group));
    },
    async close(instanceId) {
      // Whether there are more nodes than one makes no difference here: the rule for them lets in nobody else.
      for (const group of await find(instanceId)) await shut(group, standing(group, true));
    },
    remove: (instanceId) =>
      retryWhileDown(host, async () => {
        for (const { id } of await find(instanceId)) {
          await drop(id);
          await neutron.deleteGroup(id);
        }
      }),
  };
}
