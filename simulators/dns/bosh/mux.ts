import { TYPE } from "../wire/codec/types.ts";
import { labelsOf } from "../wire/codec/names.ts";
import type { Handle } from "./handlers.ts";
import { fqdnOf } from "../wire/codec/names.ts";

/** Handlers by domain: a name belongs to the longest domain with which it ends. */
export class Mux {
  readonly #handlers = new Map<string, Handle>();

  set(domain: string, handle: Handle): void {
    this.#handlers.set(fqdnOf(domain).toLowerCase(), handle);
  }

  delete(domain: string): void {
    this.#handlers.delete(fqdnOf(domain).toLowerCase());
  }

  /** The signer of a child is asked for at its parent, so the shortest domain has it. */
  find(name: string, type: number): Handle | undefined {
    const labels = labelsOf(name.toLowerCase());
    let found: Handle | undefined;
    for (let from = 0; from < labels.length; from++) {
      const handle = this.#handlers.get(`${labels.slice(from).join(".")}.`);
      if (handle !== undefined && type !== TYPE.DS) return handle;
      found = handle ?? found;
    }
    return this.#handlers.get(".") ?? found;
  }
}
