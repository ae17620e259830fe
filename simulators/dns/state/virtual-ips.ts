import type { Slot } from "../../kernel/index.ts";
import type { Store } from "./store.ts";

interface VirtualIpState {
  /** Numbers of addresses by lower-case service, behind its peer and `/`. */
  readonly byService: Map<string, number>;
  /** Numbers that were given back, smallest first. */
  readonly free: number[];
  last: number;
}

const keyOf = (service: string, peer = ""): string => `${peer}/${service.toLowerCase()}`;
const addressOf = (number: number): string => `240.${(number >> 16) & 0xff}.${(number >> 8) & 0xff}.${number & 0xff}`;

/** The addresses under which services of the mesh can be reached (Consul, "Virtual IPs"): 240.0.0.1 and up. */
export class VirtualIps {
  readonly #slot: Slot<VirtualIpState>;

  constructor(store: Store) {
    this.#slot = store.slot<VirtualIpState>(`dns/${store.datacenter}/virtual-ips`, {
      byService: new Map(),
      free: [],
      last: 0,
    });
  }

  /** The address of a service; undefined for one that has none. */
  of(service: string, peer?: string): string | undefined {
    const number = this.#slot.value.byService.get(keyOf(service, peer));
    return number === undefined ? undefined : addressOf(number);
  }

  /** Gives a service an address, unless it has one: the smallest that was given back, else the next. */
  assign(service: string, peer?: string): string {
    const state = this.#slot.value;
    const known = state.byService.get(keyOf(service, peer));
    if (known !== undefined) return addressOf(known);
    const number = state.free.shift() ?? ++state.last;
    state.byService.set(keyOf(service, peer), number);
    return addressOf(number);
  }

  /** Takes an address back. */
  release(service: string): void {
    const state = this.#slot.value;
    const number = state.byService.get(keyOf(service));
    if (number === undefined) return;
    state.byService.delete(keyOf(service));
    state.free.push(number);
    state.free.sort((a, b) => a - b);
  }
}
