/** A thing that could not be removed at the broker. */
export interface LeftBehind {
  readonly kind: "instance" | "binding" | "backup";
  readonly id: string;
  /** The line that removes it. */
  readonly curl: string;
}

/** Something that was, or may have been, created at the broker, and how to remove it. */
export interface LedgerEntry extends LeftBehind {
  /** True if it is certainly gone. If this throws, the thing counts as left behind. */
  readonly remove: () => Promise<boolean>;
  /** The instance that it is, or belongs to. Default: none. */
  readonly instanceId?: string;
}

/**
 * The things to clean up. An entry is written *before* the request that may create the thing, and is removed
 * only once the thing is known to be gone. Each check has its own scope, which is cleaned up when the check
 * ends.
 */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #scopes = new Set<Ledger>();
  #stuck: LedgerEntry[] = [];

  scope(): Ledger {
    const scope = new Ledger();
    this.#scopes.add(scope);
    return scope;
  }

  record(entry: LedgerEntry): void {
    const key = keyOf(entry);
    if (!this.#entries.has(key)) this.#entries.set(key, entry);
  }

  forget(entry: Pick<LeftBehind, "kind" | "id">): void {
    this.#entries.delete(keyOf(entry));
  }

  holds(entry: Pick<LeftBehind, "kind" | "id">): boolean {
    return this.#entries.has(keyOf(entry));
  }

  /** Hands the entries over to another scope, which becomes responsible for cleaning up. */
  moveTo(other: Ledger): void {
    for (const entry of this.#entries.values()) other.record(entry);
    this.#entries.clear();
  }

  /**
   * Removes everything in this ledger and its scopes: instances in parallel, the parts of each instance in
   * reverse order.
   */
  async clean(): Promise<void> {
    await Promise.all([...this.#scopes].map((scope) => scope.clean()));
    const entries = [...this.#entries.values()].reverse();
    const byInstance = Map.groupBy(entries, (entry) => entry.instanceId ?? keyOf(entry));
    await Promise.all([...byInstance.values()].map((group) => this.#removeInOrder(group)));
  }

  async #removeInOrder(entries: readonly LedgerEntry[]): Promise<void> {
    for (const entry of entries) {
      const isGone = await entry.remove().catch(() => false);
      if (!isGone) this.#stuck.push(entry);
      this.#entries.delete(keyOf(entry));
    }
  }

  /** Tries once more to remove what could not be removed so far: at the end of a run, nothing else keeps the broker busy. */
  async retry(): Promise<void> {
    await Promise.all([...this.#scopes].map((scope) => scope.retry()));
    for (const entry of this.#stuck.splice(0)) this.record(entry);
    await this.clean();
  }

  /** The things that could not be removed so far. */
  leftBehind(): readonly LeftBehind[] {
    const stuck = this.#stuck.map(({ kind, id, curl }) => ({ kind, id, curl }));
    const all = [...stuck, ...[...this.#scopes].flatMap((scope) => scope.leftBehind())];
    return [...new Map(all.map((item) => [keyOf(item), item])).values()];
  }
}

function keyOf(entry: Pick<LeftBehind, "kind" | "id">): string {
  return `${entry.kind} ${entry.id}`;
}
