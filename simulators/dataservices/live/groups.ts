import type { Driver } from "../../kernel/edge/drive.ts";
import type { Member } from "../cluster/cluster.ts";
import { decide, PATIENCE } from "../cluster/supervisor.ts";
import { clusterOf, type GroupName, type Supervised } from "../behaviour/groups.ts";
import { isSupervised, membersOf, phaseOfInstance } from "../behaviour/replication.ts";
import type { DataServices } from "../behaviour/services.ts";
import { groupOf, type Instance } from "../state.ts";
import { LivePlaneError } from "./errors.ts";
import { GroupNodes } from "./group-nodes.ts";
import type { Nodes } from "./nodes.ts";
import type { Lease } from "./slot.ts";

/** How a live plane supervises groups. */
interface GroupOptions {
  readonly services: DataServices;
  readonly driver: Driver;
  readonly nodes: Nodes;
  readonly onTrouble: (address: string, error: unknown) => void;
  /** Time between two looks at a running group, in ms. A node that ends causes a look at once. */
  readonly lookMs: number;
  /** A group without connections stops after this time, in ms. */
  readonly idleMsMax: number;
}

/** How long a client of a group that was at rest waits for its node to serve, in ms. */
const WAKE_MS_MAX = 30_000;

/** A group whose nodes are running. */
interface Watch {
  readonly name: GroupName;
  /** The look in progress, and what follows it. */
  running: Promise<void> | undefined;
  isDue: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Work that needs exclusive use of the nodes, such as a restore: there are no looks meanwhile. */
  pauses: number;
  usedAtMs: number;
  /** Callers that wait for a look to end. */
  waiting: (() => void)[];
}

/**
 * Supervises the groups of real servers that replicate: looks at their nodes some times a second, has `decide` say what follows, and
 * looks at their nodes several times a second, has `decide` say what follows, and
 */
export class LiveGroups {
  readonly #options: GroupOptions;
  readonly #nodes: GroupNodes;
  readonly #watches = new Map<string, Watch>();
  readonly #adopt: (change: Supervised) => void;
  #isClosed = false;

  /** @param adopt makes a decision the state of the world */
  constructor(options: GroupOptions, adopt: (change: Supervised) => void) {
    this.#options = options;
    this.#adopt = adopt;
    this.#nodes = new GroupNodes({ ...options, notice: (name) => this.notice(name) });
  }

  /** The nodes of an instance's group, the instance itself included. */
  membersOf(instance: Instance): readonly Instance[] {
    return membersOf(this.#options.services, instance);
  }

  /** Whether the instance is one of several nodes that are supervised here. */
  isManaged(instance: Pick<Instance, "deployment" | "kind">): boolean {
    const { services, nodes } = this.#options;
    const group = services.slot.value.clusters.get(groupOf(instance));
    return nodes.engineOf(instance.kind)?.replicates === true && (group?.cluster.members.size ?? 0) > 1;
  }

  /** Wakes a group that is at rest. */
  wake(instance: Pick<Instance, "deployment" | "kind">): void {
    if (!this.#isClosed) this.#wake(instance);
  }

  /** The node of an instance as soon as it serves. @throws LivePlaneError LIVE_DATA_NOT_READY */
  async lease(instance: Instance): Promise<Lease> {
    const isAtRest = !this.#watches.has(groupOf(instance));
    const watch = this.#wake(instance);
    const untilMs = this.#nowMs + (isAtRest ? WAKE_MS_MAX : 0);
    for (;;) {
      const lease = this.#leaseNow(instance);
      if (lease !== undefined) return lease;
      // A running group reports at once that the node doesn't serve; one that was at rest must start first.
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

  /** Called when something has happened to a node: looks at its group at once, if that is running. */
  notice(name: GroupName): void {
    const watch = this.#watches.get(groupOf(name));
    if (watch !== undefined) this.#look(watch);
  }

  /** Takes the primary of a group for work that replaces its history: its replicas are ended before, and copied from it again afterwards. */
  async replaceHistory<T>(instance: Instance, work: () => Promise<T>): Promise<T> {
    // Its nodes must be running before the looks are paused.
    (await this.lease(instance)).release();
    const watch = this.#wake(instance);
    watch.pauses++;
    try {
      await watch.running;
      await this.#nodes.waitForCopies(instance);
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
    const cluster = clusterOf(this.#options.services, name);
    if (cluster === undefined) return;
    const members = [...cluster.members].map(([index, member]): [number, Member] => [
      index,
      index === cluster.leader ? member : { phase: "fenced", missed: 0 },
    ]);
    this.#adopt({ name, cluster: { ...cluster, members: new Map(members) }, isLost: false });
  }

  /** Ends all supervision; the caller stops the nodes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const watches = [...this.#watches.values()];
    for (const watch of watches) this.#forget(watch);
    await Promise.all(watches.map(async (watch) => watch.running));
    await this.#nodes.waitForCopies();
  }

  get #nowMs(): number {
    return this.#options.services.kernel.nowMs;
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

  /** Looks now, or once more after the look in progress. */
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
    if (clusterOf(this.#options.services, watch.name) === undefined) return this.#forget(watch);
    if (await this.#isIdle(watch)) {
      await this.#nodes.stop(watch.name);
      return this.#forget(watch);
    }
    await this.#nodes.renew(watch.name);
    const sights = await this.#nodes.look(watch.name);
    driver.arrive();
    const cluster = clusterOf(this.#options.services, watch.name);
    if (cluster === undefined) return this.#forget(watch);
    const decision = decide(cluster, sights, PATIENCE);
    const isLost = sights.get(cluster.leader)?.is !== "primary";
    this.#adopt({ name: watch.name, cluster: decision.cluster, isLost });
    for (const action of decision.actions) await this.#nodes.perform(watch.name, action);
    // The results are inspected at once rather than at the next look.
    if (decision.actions.some((action) => action.do !== "clone") && isSupervised(services, watch.name))
      watch.isDue = true;
  }

  async #isIdle(watch: Watch): Promise<boolean> {
    const { services, nodes, idleMsMax } = this.#options;
    const isUsed =
      this.#nodes.isCopying(watch.name) || membersOf(services, watch.name).some(({ disk }) => nodes.usersOf(disk) > 0);
    if (isUsed || watch.waiting.length > 0) watch.usedAtMs = this.#nowMs;
    return this.#nowMs - watch.usedAtMs > idleMsMax;
  }
}
