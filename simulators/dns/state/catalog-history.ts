import type { Kernel, Slot } from "../../kernel/index.ts";
import { type CatalogState, copyEntry, rebuildState } from "./catalog-state.ts";
import type { NodeEntry } from "./rows.ts";

/** A node as it was before a write; `null` when it did not exist. */
interface PastEntry {
  readonly atMs: number;
  readonly node: string;
  readonly before: NodeEntry | null;
}

/** How many writes the history reaches back. */
const WRITES_MAX = 4096;

/** The nodes of a catalog before its latest writes. */
export class CatalogHistory {
  readonly #kernel: Kernel;
  readonly #slot: Slot<PastEntry[]>;

  constructor(kernel: Kernel, datacenter: string) {
    this.#kernel = kernel;
    this.#slot = kernel.slot<PastEntry[]>(`dns/${datacenter}/history`, []);
  }

  /** Remembers a node before it is written to. */
  remember(name: string, entry: NodeEntry | undefined): void {
    const past = this.#slot.value;
    const before = entry === undefined ? null : copyEntry(entry);
    past.push({ atMs: this.#kernel.nowMs, node: name.toLowerCase(), before });
    if (past.length > WRITES_MAX * 1.25) past.splice(0, past.length - WRITES_MAX);
  }

  /** The catalog as it was at a time, ms since the Unix epoch, as far as it is remembered. */
  stateAt(present: CatalogState, atMs: number): CatalogState {
    const nodes = new Map(present.nodes);
    for (const { atMs: at, node, before } of this.#slot.value.toReversed()) {
      if (at <= atMs) break;
      if (before === null) nodes.delete(node);
      else nodes.set(node, before);
    }
    return rebuildState(nodes);
  }
}
