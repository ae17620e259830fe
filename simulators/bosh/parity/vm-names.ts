import type { Client } from "./client.ts";
import type { Bindings } from "./compare.ts";

/** Binds VM placeholders that occur for the first time in a request, in the order of the instances. */
export function nameVms(client: Client, bindings: Bindings, text: string): void {
  for (const [, name = ""] of text.matchAll(/\{\{(vm\d+)\}\}/g)) {
    if (bindings.has(name)) continue;
    const bound = new Set(bindings.values());
    const vms = [...client.bosh.state().deployments.values()].flatMap(({ instances }) => instances.map(({ vm }) => vm));
    const next = vms.find((vm) => vm !== null && !bound.has(vm.cid));
    if (next) bindings.set(name, next.cid);
  }
}
