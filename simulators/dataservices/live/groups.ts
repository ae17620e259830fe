import type { Driver } from "../../kernel/edge/drive.ts";
import type { Action, Cluster, Member, Sight } from "../cluster/cluster.ts";
import { decide, PATIENCE, type Sights } from "../cluster/supervisor.ts";
import { type GroupName, memberAt, type Supervised } from "../behaviour/groups.ts";
import { isSupervised, membersOf, phaseOfInstance } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { groupOf, type Instance } from "../state.ts";
import { LivePlaneError } from "./errors.ts";
import type { MemberNode, MemberOrder } from "./engine.ts";
import type { Lease, Nodes } from "./nodes.ts";

/** How a live plane supervises groups. */
export interface GroupOptions {
  readonly services: DataServices;
  readonly driver: Driver;
  readonly nodes: Nodes;
  readonly onTrouble: (address: string, error: unknown) => void;
  /** Time between two looks at a group whose nodes are at work, ms. A node that ends is looked at once. */
  readonly lookMs: number;
  /** A group without connections stops after this time, ms. */
  readonly idleMsMax: number;
}

/** How long a client of a group that was at rest waits for its node to serve, ms. */
const WAKE_MS_MAX = 30_000;

/** A group whose nodes are at work. */
interface Watch {
  readonly name: GroupName;
  /** The look that is under way, and what comes after it. */
  running: Promise<void> | undefined;
  isDue: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Work that takes the nodes for itself, such as a restore: nobody looks meanwhile. */
  pauses: number;
  usedAtMs: number;
  /** Nodes that are being copied to, by index. */
  readonly cloning: Map<number, Promise<void>>;
  /** Those who wait for a look to end. */
  waiting: (() => void)[];
}

/**
 * Supervises the groups of real servers that replicate: looks at their nodes some times a second, has `decide` say what follows, and
 * does it. A group is at rest until its first connection, and again when it has had none for long.
 */
export class LiveGroups {
  readonly #options: GroupOptions;
  readonly #watches = new Map<string, Watch>();
  readonly #adopt: (change: Supervised) => void;
  #isClosed = false;

  /** @param adopt makes a decision the state of the world */
  constructor(options: GroupOptions, adopt: (change: Supervised) => void) {
    this.#options = options;
    this.#adopt = adopt;
  }

  /** Is the instance one of several nodes that are supervised here? */
  isManaged(instance: Pick<Instance, "deployment" | "kind">): boolean {
    const { services, nodes } = this.#options;
    const group = services.slot.value.clusters.get(groupOf(instance));
    return nodes.engineOf(instance.kind)?.replicates === true && (group?.cluster.members.size ?? 0) > 1;
  }

  /** The node of an instance as soon as it serves. @throws LivePlaneError LIVE_DATA_NOT_READY */
  async lease(instance: Instance): Promise<Lease> {
    const isAtRest = !this.#watches.has(groupOf(instance));
    const watch = this.#wake(instance);
    const untilMs = this.#nowMs + (isAtRest ? WAKE_MS_MAX : 0);
    for (;;) {
      const lease = this.#leaseNow(instance);
      if (lease !== undefined) return lease;
      // A group that is at work says at once that the node doesn't serve; one that was at rest has to start first.
      if (this.#nowMs >= untilMs || this.#isClosed) throw new LivePlaneError("LIVE_DATA_NOT_READY");
      await new Promise<void>((resolve) => watch.waiting.push(resolve));
    }
  }

  #leaseNow(instance: Instance): Lease | undefined {
    const { services, nodes } = this.#options;
    const now = services.slot.value.instances.get(instance.address);
    const phase = now === undefined ? "fenced" : phaseOfInstance(services, now);
    return now !== undefined && (phase === "primary" || phase === "replica") ? nodes.use(now.disk) : undefined;
  }

  /** Something has happened to a node of a group: looks at it at once, if it is at work. */
  notice(name: GroupName): void {
    const watch = this.#watches.get(groupOf(name));
    if (watch !== undefined) this.#look(watch);
  }

  /** Takes the primary of a group for work that replaces its history: its replicas are ended before, and are copies of it again after. */
  async replaceHistory<T>(instance: Instance, work: () => Promise<T>): Promise<T> {
    // Its nodes are at work before nobody looks any more.
    (await this.lease(instance)).release();
    const watch = this.#wake(instance);
    watch.pauses++;
    try {
      await watch.running;
      await Promise.allSettled(watch.cloning.values());
      for (const each of membersOf(this.#options.services, instance))
        if (each.address !== instance.address) await this.#options.nodes.kill(each.disk);
      this.#fenceReplicas(watch.name);
      return await work();
    } finally {
      watch.pauses--;
      this.#look(watch);
    }
  }

  #fenceReplicas(name: GroupName): void {
    const cluster = this.#clusterOf(name);
    if (cluster === undefined) return;
    const members = [...cluster.members].map(([index, member]): [number, Member] => [
      index,
      index === cluster.leader ? member : { phase: "fenced", missed: 0 },
    ]);
    this.#adopt({ name, cluster: { ...cluster, members: new Map(members) }, isLost: false });
  }

  /** Ends all supervision; the nodes are somebody else's to stop. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const watches = [...this.#watches.values()];
    for (const watch of watches) this.#forget(watch);
    await Promise.all(watches.map((watch) => watch.running));
    await Promise.allSettled(watches.flatMap((watch) => [...watch.cloning.values()]));
  }

  get #nowMs(): number {
    return this.#options.services.kernel.nowMs;
  }

  #clusterOf(name: GroupName): Cluster | undefined {
    return this.#options.services.slot.value.clusters.get(groupOf(name))?.cluster;
  }

  #wake({ deployment, kind }: Pick<Instance, "deployment" | "kind">): Watch {
    const name = { deployment, kind };
    const key = groupOf(name);
    let watch = this.#watches.get(key);
    if (watch === undefined) {
      watch = {
        name,
        running: undefined,
        isDue: false,
        timer: undefined,
        pauses: 0,
        usedAtMs: this.#nowMs,
        cloning: new Map(),
        waiting: [],
      };
      this.#watches.set(key, watch);
      this.#look(watch);
    }
    return watch;
  }

  #forget(watch: Watch): void {
    clearTimeout(watch.timer);
    this.#watches.delete(groupOf(watch.name));
    for (const resume of watch.waiting.splice(0)) resume();
  }

  /** Looks now, or once more after the look that is under way. */
  #look(watch: Watch): void {
    watch.isDue = true;
    if (watch.running !== undefined || this.#isClosed) return;
    clearTimeout(watch.timer);
    watch.running = this.#lookAgain(watch).finally(() => {
      watch.running = undefined;
      if (this.#watches.get(groupOf(watch.name)) !== watch) return;
      watch.timer = setTimeout(() => this.#look(watch), this.#options.lookMs);
      watch.timer.unref();
    });
  }

  async #lookAgain(watch: Watch): Promise<void> {
    while (watch.isDue && watch.pauses === 0 && !this.#isClosed) {
      watch.isDue = false;
      try {
        await this.#lookOnce(watch);
      } catch (error) {
        this.#options.onTrouble(groupOf(watch.name), error);
      }
      for (const resume of watch.waiting.splice(0)) resume();
    }
  }

  async #lookOnce(watch: Watch): Promise<void> {
    const { services, driver } = this.#options;
    if (this.#clusterOf(watch.name) === undefined) return this.#forget(watch);
    if (await this.#isIdle(watch)) return this.#rest(watch);
    await this.#renew(watch.name);
    const sights = await this.#sightsOf(watch);
    driver.arrive();
    const cluster = this.#clusterOf(watch.name);
    if (cluster === undefined) return this.#forget(watch);
    const decision = decide(cluster, sights, PATIENCE);
    const isLost = sights.get(cluster.leader)?.is !== "primary";
    this.#adopt({ name: watch.name, cluster: decision.cluster, isLost });
    for (const action of decision.actions) await this.#perform(watch, action);
    // What was done is seen at once rather than at the next look.
    if (decision.actions.some((action) => action.do !== "clone") && isSupervised(services, watch.name))
      watch.isDue = true;
  }

  /** Servers whose job has other properties now start again: the replicas first, since theirs must not be less than the primary's. */
  async #renew(name: GroupName): Promise<void> {
    const { services, nodes } = this.#options;
    const leader = this.#clusterOf(name)?.leader;
    const members = [...membersOf(services, name)].sort(
      (a, b) => Number(a.index === leader) - Number(b.index === leader),
    );
    for (const member of members) {
      const { node } = nodes.nodeOf(member.disk);
      if (node !== undefined && !node.suits(this.#sized(member)))
        await this.#start(member, member.index === leader ? "primary" : "replica");
    }
  }

  async #isIdle(watch: Watch): Promise<boolean> {
    const { services, nodes, idleMsMax } = this.#options;
    const isUsed =
      watch.cloning.size > 0 || membersOf(services, watch.name).some(({ disk }) => nodes.usersOf(disk) > 0);
    if (isUsed || watch.waiting.length > 0) watch.usedAtMs = this.#nowMs;
    return this.#nowMs - watch.usedAtMs > idleMsMax;
  }

  /** Stops the nodes, the primary last, so that its replicas have all that it has. */
  async #rest(watch: Watch): Promise<void> {
    const { services, nodes } = this.#options;
    const leader = this.#clusterOf(watch.name)?.leader;
    const members = membersOf(services, watch.name);
    for (const { index, disk } of members) if (index !== leader) await nodes.stop(disk);
    for (const { index, disk } of members) if (index === leader) await nodes.stop(disk);
    this.#forget(watch);
  }

  async #sightsOf(watch: Watch): Promise<Sights> {
    const { services } = this.#options;
    const group = services.slot.value.clusters.get(groupOf(watch.name));
    if (group === undefined) return new Map();
    const sights = [...group.cluster.members.keys()].map(async (index): Promise<[number, Sight]> => {
      const instance = memberAt(services, watch.name, index);
      if (watch.cloning.has(index)) return [index, { is: "cloning" }];
      if (instance !== undefined) return [index, await this.#sightOf(instance)];
      // Whoever has no VM has no process either: it is ended before anybody takes its place.
      await this.#options.nodes.stop(group.disks.get(index) ?? "");
      return [index, { is: "absent" }];
    });
    return new Map(await Promise.all(sights));
  }

  async #sightOf(instance: Instance): Promise<Sight> {
    const { nodes } = this.#options;
    const { node, hasData } = nodes.nodeOf(instance.disk);
    if (node?.member === undefined) return { is: "stopped", hasData };
    try {
      return await node.member.look();
    } catch {
      // A process that has ended says so by itself; one that is there and does not answer is silent.
      return nodes.nodeOf(instance.disk).node === undefined ? { is: "stopped", hasData } : { is: "silent" };
    }
  }

  async #perform(watch: Watch, action: Action): Promise<void> {
    const { services, nodes, onTrouble } = this.#options;
    const instance = memberAt(services, watch.name, action.node);
    if (instance === undefined) return;
    try {
      if (action.do === "fence") return await nodes.kill(instance.disk);
      if (action.do === "start") return await this.#start(instance, action.as);
      if (action.do === "clone") return this.#clone(watch, instance, action.primary);
      const member = nodes.nodeOf(instance.disk).node?.member;
      if (member !== undefined) await this.#instruct(watch, member, action);
    } catch (error) {
      onTrouble(instance.address, error);
    }
  }

  async #instruct(
    watch: Watch,
    member: MemberNode,
    action: Exclude<Action, { readonly do: "fence" | "start" | "clone" }>,
  ): Promise<void> {
    switch (action.do) {
      case "promote":
        await member.promote(action.voters);
        for (const index of this.#clusterOf(watch.name)?.members.keys() ?? [])
          if (index !== action.node) await member.expect(index);
        return;
      case "follow": {
        const primary = this.#at(watch.name, action.primary);
        if (primary === undefined) return;
        await primary.member.expect(action.node);
        return member.follow({ index: action.primary, data: primary.data });
      }
      case "wait-for":
        return member.waitFor(action.voters);
      case "forget":
        return this.#at(watch.name, action.primary)?.member.forget(action.node);
    }
  }

  /** The node of a member that is at work, and its folder. */
  #at(name: GroupName, index: number): { readonly member: MemberNode; readonly data: string } | undefined {
    const { services, nodes } = this.#options;
    const instance = memberAt(services, name, index);
    const { node, data } = nodes.nodeOf(instance?.disk ?? "");
    return node?.member === undefined || data === undefined ? undefined : { member: node.member, data };
  }

  async #start(instance: Instance, as: "primary" | "replica"): Promise<void> {
    const { services, nodes } = this.#options;
    const cluster = this.#clusterOf(instance);
    if (cluster === undefined) return;
    const primary = as === "primary" ? undefined : this.#at(instance, cluster.leader);
    // A replica whose primary is not there yet starts all the same: it may be the one to be promoted.
    const folder = primary?.data ?? nodes.nodeOf(instance.disk).data ?? "";
    const voters = cluster.voters.filter((each) => each !== instance.index);
    const order: MemberOrder = {
      index: instance.index,
      voters,
      primary: as === "primary" ? undefined : { index: cluster.leader, data: folder },
    };
    await primary?.member.expect(instance.index);
    await nodes.startMember(
      this.#sized(instance),
      services.slot.value.disks.get(instance.disk)?.users ?? new Map(),
      order,
    );
    void nodes.nodeOf(instance.disk).node?.exited.then(() => this.notice(instance));
  }

  /** Makes a node a copy of the primary; looks go on meanwhile. */
  #clone(watch: Watch, instance: Instance, primaryIndex: number): void {
    const { nodes, onTrouble } = this.#options;
    const source = this.#at(watch.name, primaryIndex);
    if (source === undefined) return;
    const copied = nodes
      .fill(instance.disk, (data) => source.member.copyTo(data, instance.index))
      .then(() => this.#start(instance, "replica"))
      .catch((error: unknown) => onTrouble(instance.address, error))
      .finally(() => {
        watch.cloning.delete(instance.index);
        this.#look(watch);
      });
    watch.cloning.set(instance.index, copied);
  }

  /** The instance with as many connections as the largest of its group: a replica with fewer than its primary does not start. */
  #sized(instance: Instance): Instance {
    const wanted = membersOf(this.#options.services, instance).flatMap(({ parameters: { max_connections: each } }) =>
      typeof each === "number" ? [each] : [],
    );
    if (wanted.length === 0) return instance;
    return { ...instance, parameters: { ...instance.parameters, max_connections: Math.max(...wanted) } };
  }
}
