import type { Action, Sight } from "../cluster/cluster.ts";
import type { Sights } from "../cluster/supervisor.ts";
import { clusterOf, type GroupName, memberAt } from "../behaviour/groups.ts";
import { membersOf } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { usersOnDisk } from "../behaviour/users.ts";
import { groupOf, type Instance } from "../state.ts";
import type { MemberNode, MemberOrder } from "./engine.ts";
import type { Nodes } from "./nodes.ts";

/** The things that the nodes of groups need. */
interface GroupNodesOptions {
  readonly services: DataServices;
  readonly nodes: Nodes;
  readonly onTrouble: (address: string, error: unknown) => void;
  /** Called when a node of a group has ended, or a copy is complete or has failed. */
  readonly notice: (name: GroupName) => void;
}

/** The real servers of groups: observes them, and carries out a supervisor's decisions. */
export class GroupNodes {
  readonly #options: GroupNodesOptions;
  /** Nodes that are becoming copies, by address. */
  readonly #cloning = new Map<string, Promise<void>>();

  constructor(options: GroupNodesOptions) {
    this.#options = options;
  }

  /** Whether a node of the group is becoming a copy. */
  isCopying(name: GroupName): boolean {
    return membersOf(this.#options.services, name).some(({ address }) => this.#cloning.has(address));
  }

  /** Resolves when no copying in this group, or in any group, is in progress. */
  async waitForCopies(name?: GroupName): Promise<void> {
    const meant = name && new Set(membersOf(this.#options.services, name).map(({ address }) => address));
    const copies = [...this.#cloning].filter(([address]) => meant?.has(address) ?? true);
    await Promise.allSettled(copies.map(([, copy]) => copy));
  }

  #isCloning(name: GroupName, index: number): boolean {
    const instance = memberAt(this.#options.services, name, index);
    return instance !== undefined && this.#cloning.has(instance.address);
  }

  /** Restarts servers whose job has changed properties: the replicas first, since their limits must not be below the primary's. */
  async renew(name: GroupName): Promise<void> {
    const { services, nodes } = this.#options;
    const leader = clusterOf(this.#options.services, name)?.leader;
    const members = [...membersOf(services, name)].sort(
      (a, b) => Number(a.index === leader) - Number(b.index === leader),
    );
    for (const member of members) {
      const { node } = nodes.nodeOf(member.disk);
      if (node !== undefined && !node.suits(this.#withConnections(member)))
        await this.#start(member, member.index === leader ? "primary" : "replica");
    }
  }

  /** Stops the nodes, the primary last, so that its replicas have everything that it has. */
  async stop(name: GroupName): Promise<void> {
    const { services, nodes } = this.#options;
    const leader = clusterOf(this.#options.services, name)?.leader;
    const members = membersOf(services, name);
    for (const { index, disk } of members) if (index !== leader) await nodes.stop(disk);
    for (const { index, disk } of members) if (index === leader) await nodes.stop(disk);
  }

  /** Observes each member of a group. Ends members without a VM first. */
  async look(name: GroupName): Promise<Sights> {
    const { services } = this.#options;
    const group = services.slot.value.clusters.get(groupOf(name));
    if (group === undefined) return new Map();
    const sights = [...group.cluster.members.keys()].map(async (index): Promise<[number, Sight]> => {
      const instance = memberAt(services, name, index);
      if (this.#isCloning(name, index)) return [index, { is: "cloning" }];
      if (instance !== undefined) return [index, await this.#sightOf(instance)];
      // A member without a VM must have no process either: it is ended before another node takes its place.
      await this.#options.nodes.stop(group.disks.get(index) ?? "");
      return [index, { is: "absent" }];
    });
    return new Map(await Promise.all(sights));
  }

  async #sightOf(instance: Instance): Promise<Sight> {
    const { nodes } = this.#options;
    const { node, hasData = false } = nodes.nodeOf(instance.disk);
    if (node?.member === undefined) return { is: "stopped", hasData };
    try {
      return await node.member.look();
    } catch {
      // An ended process is noticed as such; one that exists but does not answer is silent.
      return nodes.nodeOf(instance.disk).node === undefined ? { is: "stopped", hasData } : { is: "silent" };
    }
  }

  /** Carries out what a supervisor has decided; the next look shows the result. */
  async perform(name: GroupName, action: Action): Promise<void> {
    const { services, nodes, onTrouble } = this.#options;
    const instance = memberAt(services, name, action.node);
    if (instance === undefined) return;
    try {
      if (action.do === "fence") return await nodes.kill(instance.disk);
      if (action.do === "start") return await this.#start(instance, action.as);
      if (action.do === "clone") return this.#clone(name, instance, action.primary);
      const member = nodes.nodeOf(instance.disk).node?.member;
      if (member !== undefined) await this.#instruct(name, member, action);
    } catch (error) {
      onTrouble(instance.address, error);
    }
  }

  async #instruct(
    name: GroupName,
    member: MemberNode,
    action: Exclude<Action, { readonly do: "fence" | "start" | "clone" }>,
  ): Promise<void> {
    switch (action.do) {
      case "promote":
        await member.promote(action.voters);
        for (const index of clusterOf(this.#options.services, name)?.members.keys() ?? [])
          if (index !== action.node) await member.expect(index);
        return;
      case "follow": {
        const primary = this.#at(name, action.primary);
        if (primary === undefined) return;
        await primary.member.expect(action.node);
        return member.follow({ index: action.primary, data: primary.data });
      }
      case "wait-for":
        return member.waitFor(action.voters);
      case "forget":
        return this.#at(name, action.primary)?.member.forget(action.node);
    }
  }

  /** The running node of a member, and its folder. */
  #at(name: GroupName, index: number): { readonly member: MemberNode; readonly data: string } | undefined {
    const { services, nodes } = this.#options;
    const instance = memberAt(services, name, index);
    const { node, data } = nodes.nodeOf(instance?.disk ?? "");
    return node?.member === undefined || data === undefined ? undefined : { member: node.member, data };
  }

  async #start(instance: Instance, as: "primary" | "replica"): Promise<void> {
    const { services, nodes } = this.#options;
    const cluster = clusterOf(this.#options.services, instance);
    if (cluster === undefined) return;
    const primary = as === "primary" ? undefined : this.#at(instance, cluster.leader);
    // A replica starts even without its primary: it may be the one to be promoted.
    const folder = primary?.data ?? nodes.nodeOf(instance.disk).data ?? "";
    const voters = cluster.voters.filter((each) => each !== instance.index);
    const order: MemberOrder = {
      index: instance.index,
      voters,
      primary: as === "primary" ? undefined : { index: cluster.leader, data: folder },
    };
    await primary?.member.expect(instance.index);
    await nodes.startMember(
      this.#withConnections(instance),
      usersOnDisk(services, instance, memberAt(services, instance, cluster.leader)),
      order,
    );
    void nodes.nodeOf(instance.disk).node?.exited.then(() => this.#options.notice(instance));
  }

  /** Makes a node a copy of the primary; looks continue meanwhile. */
  #clone(name: GroupName, instance: Instance, primaryIndex: number): void {
    const { nodes, onTrouble } = this.#options;
    const source = this.#at(name, primaryIndex);
    if (source === undefined) return;
    const copied = nodes
      .fill(instance.disk, (data) => source.member.copyTo(data, instance.index))
      .then(() => this.#start(instance, "replica"))
      .catch((error: unknown) => onTrouble(instance.address, error))
      .finally(() => {
        this.#cloning.delete(instance.address);
        this.#options.notice(name);
      });
    this.#cloning.set(instance.address, copied);
  }

  /** The instance with as many connections as the largest of its group: a replica with fewer than its primary would not start. */
  #withConnections(instance: Instance): Instance {
    const wanted = membersOf(this.#options.services, instance).flatMap(({ parameters: { max_connections: each } }) =>
      typeof each === "number" ? [each] : [],
    );
    if (wanted.length === 0) return instance;
    return { ...instance, parameters: { ...instance.parameters, max_connections: Math.max(...wanted) } };
  }
}
