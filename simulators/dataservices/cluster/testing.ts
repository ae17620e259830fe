import { type Action, type Cluster, newCluster, phaseOf, type Sight, withMember } from "./cluster.ts";
import { decide } from "./supervisor.ts";

/** The current state of a modelled node. */
interface ModelNode {
  hasVm: boolean;
  process: "none" | "up" | "frozen" | "cloning";
  role: "primary" | "replica";
  follows: number | null;
  waitsFor: readonly number[];
  /** The writes that its disk holds, in order; undefined for an empty disk. */
  history: readonly string[] | undefined;
}

/** The events that befall nodes between two looks. */
export type Event =
  | { readonly do: "kill" | "freeze" | "delete-vm" | "return-vm" | "replicate"; readonly node: number }
  | { readonly do: "write" | "look" };

/** Actions that have no effect, by their position in the run. */
type Failures = ReadonlySet<number>;

/** Three nodes that keep histories of writes, as real servers do, and their supervisor. */
export class ModelGroup {
  readonly nodes: readonly ModelNode[];
  /** Writes that were acknowledged while the group was synchronous. */
  readonly acknowledged: string[] = [];
  cluster: Cluster;
  readonly #failures: Failures;
  readonly #pending = new Map<string, number>();
  #writes = 0;
  #actions = 0;

  constructor(count: number, failures: Failures = new Set()) {
    this.#failures = failures;
    this.nodes = Array.from({ length: count }, () => ({
      hasVm: true,
      process: "none",
      role: "replica",
      follows: null,
      waitsFor: [],
      history: undefined,
    }));
    this.cluster = newCluster(0);
    for (let index = 1; index < count; index++) this.cluster = withMember(this.cluster, index);
  }

  /** The nodes to which a client can write now: primaries whose port is open. */
  get writable(): readonly number[] {
    return this.nodes.flatMap(({ process, role }, index) =>
      process === "up" && role === "primary" && phaseOf(this.cluster, index) === "primary" ? [index] : [],
    );
  }

  happen(event: Event): void {
    switch (event.do) {
      case "write":
        return this.#write();
      case "replicate":
        return this.#replicate(event.node);
      case "look":
        return this.look();
      default:
        this.#strike(event.do, this.nodes[event.node]);
    }
  }

  heal(): void {
    for (const node of this.nodes) node.hasVm = true;
  }

  look(): void {
    for (const node of this.nodes) if (node.process === "cloning") this.#finishClone(node);
    const { cluster, actions } = decide(
      this.cluster,
      new Map(this.nodes.map((node, at) => [at, this.#sight(node, at)])),
    );
    this.cluster = cluster;
    for (const action of actions) if (!this.#failures.has(this.#actions++)) this.#perform(action);
  }

  #strike(how: "kill" | "freeze" | "delete-vm" | "return-vm", node: ModelNode | undefined): void {
    if (node === undefined) return;
    if (how === "return-vm") node.hasVm = true;
    else if (how === "freeze") node.process = node.process === "up" ? "frozen" : node.process;
    else {
      // An unfinished copy does not count as data.
      if (node.process === "cloning") node.history = undefined;
      node.process = "none";
      if (how === "delete-vm") node.hasVm = false;
    }
  }

  #write(): void {
    for (const index of this.writable) {
      const node = this.nodes[index];
      if (node === undefined) continue;
      const write = `w${++this.#writes}`;
      node.history = [...(node.history ?? []), write];
      if (node.waitsFor.length > 0) this.#pending.set(write, index);
    }
  }

  /** A follower without a gap gets one more write; its client gets its answer. */
  #replicate(index: number): void {
    const node = this.nodes[index];
    const source = this.nodes[node?.follows ?? -1];
    if (node !== undefined && source !== undefined && this.#streams(node, index))
      node.history = source.history?.slice(0, (node.history?.length ?? 0) + 1);
    for (const [write, at] of this.#pending) {
      const primary = this.nodes[at];
      if (primary?.process !== "up" || primary.role !== "primary") continue;
      const holds = (each: number): boolean =>
        this.nodes[each]?.follows === at && this.nodes[each].history?.includes(write) === true;
      if (!primary.waitsFor.some(holds)) continue;
      this.#pending.delete(write);
      this.acknowledged.push(write);
    }
  }

  #streams(node: ModelNode, index: number): boolean {
    const primary = this.nodes[node.follows ?? -1];
    if (node.process !== "up" || node.role !== "replica" || primary?.process !== "up") return false;
    if (primary.role !== "primary" || this.nodes[index] !== node) return false;
    const own = node.history ?? [];
    return own.every((write, at) => primary.history?.[at] === write);
  }

  #sight(node: ModelNode, index: number): Sight {
    if (!node.hasVm) return { is: "absent" };
    if (node.process === "none") return { is: "stopped", hasData: node.history !== undefined };
    if (node.process === "frozen") return { is: "silent" };
    if (node.process === "cloning") return { is: "cloning" };
    const position = node.history?.length ?? 0;
    if (node.role === "replica") return { is: "replica", position, follows: node.follows };
    const followers = this.nodes.flatMap((each, at) => (each.follows === index && this.#streams(each, at) ? [at] : []));
    return { is: "primary", position, waitsFor: node.waitsFor, followers };
  }

  #perform(action: Action): void {
    const node = this.nodes[action.node];
    if (node === undefined || !node.hasVm) return;
    switch (action.do) {
      case "fence":
        node.process = "none";
        return;
      case "start":
        if (node.process !== "none") return;
        Object.assign(node, { process: "up", role: action.as, history: node.history ?? [] });
        node.follows = action.as === "replica" ? this.cluster.leader : null;
        return;
      case "promote":
        if (node.process === "up") Object.assign(node, { role: "primary", follows: null, waitsFor: action.voters });
        return;
      case "follow":
        if (node.process === "up" && node.role === "replica") node.follows = action.primary;
        return;
      case "clone":
        if (node.process === "none") Object.assign(node, { process: "cloning", history: undefined });
        return;
      case "wait-for":
        if (node.process === "up" && node.role === "primary") node.waitsFor = action.voters;
        return;
      case "forget":
        return;
    }
  }

  #finishClone(node: ModelNode): void {
    const { leader } = this.cluster;
    const source = this.nodes[leader];
    if (source?.process !== "up" || source.role !== "primary") {
      Object.assign(node, { process: "none", history: undefined });
      return;
    }
    Object.assign(node, { process: "up", role: "replica", follows: leader, history: source.history });
  }
}
