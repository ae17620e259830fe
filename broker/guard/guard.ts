import type { Host } from "../host.ts";
import { retryWhileDown } from "../http/client.ts";
import { type Group, isAbandoned, type Neutron, type NewRule } from "./neutron.ts";
import { fromGroup, fromNetwork, ingressRule, missingRules, surplusRules } from "./rules.ts";

/** The facts about an instance that data guard needs. */
export interface GuardedInstance {
  readonly id: string;
  /** How many nodes it has or is about to have: those of one instance talk to each other. */
  readonly nodes: number;
}

/**
 * Data guard: an instance can be reached at its service's port only while it has a binding, at its agent's port only by those who manage
 * it, and at no port by another instance. Every method may be called again after a failure; each throws BackendError while Neutron is
 * down and FinalError when it refuses.
 */
export interface Guard {
  /** Makes sure that the instance has a group of its own, which admits its nodes and managers, and that the ports of its VMs have it. */
  protect(instance: GuardedInstance, vmCids: readonly string[]): Promise<void>;
  /** Puts the group of an instance, if there is one, on the ports of its VMs. */
  reprotect(instanceId: string, vmCids: readonly string[]): Promise<void>;
  /** Counts the ports that have the group of an instance, by instance. */
  guardedPorts(): Promise<ReadonlyMap<string, number>>;
  /** Opens the service's port to these networks, and closes it to all others. @throws FinalError if it can't be opened */
  admit(instance: GuardedInstance, cidrs: readonly string[]): Promise<void>;
  /** Closes the instance to all but these networks. It creates no rule, so no quota stands in its way. */
  narrow(instanceId: string, cidrs: readonly string[]): Promise<void>;
  /** Closes the instance to everybody, also to those who manage it. It creates no rule, so no quota stands in its way. */
  close(instanceId: string): Promise<void>;
  /**
   * Takes the group off the ports and deletes it. A port that a VM has left goes with it: no CPI finds the ports of a VM that was gone before it was
   * deleted.
   */
  remove(instanceId: string): Promise<void>;
}

/** Who needs access to which port. */
interface GuardOptions {
  readonly servicePort: number;
  readonly agentPort: number;
  /** Networks from which instances are managed. */
  readonly managers: readonly string[];
}

const PREFIX = "guard_";
const groupNameOf = (instanceId: string): string => `${PREFIX}${instanceId}`;

/** Data guard by security groups of Neutron, one an instance. */
export class SecurityGroupGuard implements Guard {
  readonly #neutron: Neutron;
  readonly #host: Host;
  readonly #options: GuardOptions;

  constructor(neutron: Neutron, host: Host, options: GuardOptions) {
    this.#neutron = neutron;
    this.#host = host;
    this.#options = options;
  }

  async protect({ id, nodes }: GuardedInstance, vmCids: readonly string[]): Promise<void> {
    const group = await this.#open(id, (each) => this.#standingRules(each, nodes > 1));
    await this.#attach(group.id, vmCids);
  }

  async reprotect(instanceId: string, vmCids: readonly string[]): Promise<void> {
    const [group] = await this.#find(instanceId);
    if (group !== undefined) await this.#attach(group.id, vmCids);
  }

  async guardedPorts(): Promise<ReadonlyMap<string, number>> {
    const guards = (await this.#neutron.groups()).filter(({ name }) => name.startsWith(PREFIX));
    const owners = new Map(guards.map(({ id, name }) => [id, name.slice(PREFIX.length)]));
    const counts = new Map<string, number>();
    for (const { security_groups: ids } of await this.#neutron.ports()) {
      for (const owner of ids.flatMap((id) => owners.get(id) ?? [])) counts.set(owner, (counts.get(owner) ?? 0) + 1);
    }
    return counts;
  }

  async admit({ id, nodes }: GuardedInstance, cidrs: readonly string[]): Promise<void> {
    const rulesFor = (group: Group): readonly NewRule[] => [
      ...this.#standingRules(group, nodes > 1),
      ...this.#rulesFor(cidrs),
    ];
    const group = await this.#open(id, rulesFor);
    await this.#closeSurplus(group, rulesFor(group));
  }

  async narrow(instanceId: string, cidrs: readonly string[]): Promise<void> {
    // The rule for further nodes admits nobody else, so it does not matter here whether there are any.
    for (const group of await this.#find(instanceId))
      await this.#closeSurplus(group, [...this.#standingRules(group, true), ...this.#rulesFor(cidrs)]);
  }

  async close(instanceId: string): Promise<void> {
    for (const group of await this.#find(instanceId)) await this.#closeSurplus(group, []);
  }

  #rulesFor(cidrs: readonly string[]): readonly NewRule[] {
    return cidrs.map((cidr) => ingressRule(this.#options.servicePort, fromNetwork(cidr)));
  }

  async remove(instanceId: string): Promise<void> {
    await retryWhileDown(this.#host, async () => {
      for (const { id } of await this.#find(instanceId)) {
        await this.#detach(id);
        await this.#neutron.deleteGroup(id);
      }
    });
  }

  #find(instanceId: string): Promise<readonly Group[]> {
    return this.#neutron.groups(groupNameOf(instanceId));
  }

  /** Looks before each try, so that a group whose answer was lost is found and not created twice. */
  async #ensure(instanceId: string): Promise<Group> {
    return (await this.#find(instanceId))[0] ?? (await this.#neutron.createGroup(groupNameOf(instanceId)));
  }

  /** The rules that stay as long as the instance exists. */
  #standingRules(group: Group, isCluster: boolean): readonly NewRule[] {
    const { agentPort, managers, servicePort } = this.#options;
    return [
      ...managers.map((cidr) => ingressRule(agentPort, fromNetwork(cidr))),
      ...(isCluster ? [ingressRule(servicePort, fromGroup(group.id))] : []),
    ];
  }

  /** Looks again after each failure, so that a rule whose answer was lost is found, and "exists already" is verified. */
  #open(instanceId: string, wanted: (group: Group) => readonly NewRule[]): Promise<Group> {
    return retryWhileDown(this.#host, async () => {
      const group = await this.#ensure(instanceId);
      for (const rule of missingRules(group, wanted(group))) await this.#neutron.createRule(group.id, rule);
      return group;
    });
  }

  async #closeSurplus(group: Group, wanted: readonly NewRule[]): Promise<void> {
    for (const { id } of surplusRules(group, wanted)) await this.#neutron.deleteRule(id);
  }

  async #attach(groupId: string, vmCids: readonly string[]): Promise<void> {
    for (const vm of vmCids) {
      for (const port of await this.#neutron.ports({ vm }))
        if (!port.security_groups.includes(groupId))
          await this.#neutron.setGroups(port, [...port.security_groups, groupId]);
    }
  }

  async #detach(groupId: string): Promise<void> {
    for (const port of await this.#neutron.ports({ group: groupId })) {
      const others = port.security_groups.filter((id) => id !== groupId);
      await (isAbandoned(port) ? this.#neutron.deletePort(port.id) : this.#neutron.setGroups(port, others));
    }
  }
}
