import type { PersistentCustomer } from "../../scenarios/cloud/testing.ts";
import type { World } from "../../simulators/world.ts";

/** Binds of which the cost is taken. */
const BINDS = 40;
const AT_ONCE = 20;

/** The cost of a bind: the median of all, so that periodic work during one of them does not count. */
export interface BindCost {
  readonly cpuMs: number;
  /** Bytes of the answers that the broker got of its backends. */
  readonly bytes: number;
}

const middleOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Counts the bytes that come back to whoever asks over the network of a world. */
export function countBytes(world: World): { readonly world: World; readonly count: () => number } {
  let bytes = 0;
  const fetchFrom: World["net"]["fetchFrom"] = (source) => {
    const fetch = world.net.fetchFrom(source);
    return async (...request) => {
      const response = await fetch(...request);
      const body = await response.arrayBuffer();
      bytes += body.byteLength;
      const { status, headers } = response;
      return new Response(status === 204 || status === 304 ? null : body, { status, headers });
    };
  };
  const net = Object.assign(Object.create(world.net), { attach: world.net.attach.bind(world.net), fetchFrom });
  return { world: { ...world, net }, count: () => bytes };
}

/** Orders one after the other. @throws Error when one does not succeed */
async function inTurn(count: number, first: number, work: (number: number) => Promise<string>): Promise<void> {
  for (let number = first; number < first + count; number++) {
    const end = await work(number);
    if (end !== "succeeded") throw new Error(`${number} ended ${end}`);
  }
}

/** Does something with the instances of these numbers, twenty at once. @throws Error when one does not succeed */
export async function together(first: number, count: number, work: (number: number) => Promise<string>): Promise<void> {
  const share = Math.ceil(count / AT_ONCE);
  const sizeOf = (at: number): number => Math.max(0, Math.min(share, count - at * share));
  await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => inTurn(sizeOf(at), first + at * share, work)));
}

/** Binds an instance again and again, and unbinds it. */
export async function costOfBind(
  customer: PersistentCustomer,
  instance: string,
  name: string,
  countedBytes: () => number,
): Promise<BindCost> {
  const [bytes, cpuMs]: [number[], number[]] = [[], []];
  const path = (number: number): string => `${instance}/service_bindings/${name}-${number}`;
  await inTurn(BINDS, 0, async (number) => {
    const [before, cpu] = [countedBytes(), process.cpuUsage()];
    const end = await customer.ask("PUT", path(number), { bind_resource: { app_guid: "a" } });
    const { user, system } = process.cpuUsage(cpu);
    bytes.push(countedBytes() - before);
    cpuMs.push((user + system) / 1000);
    await customer.ask("DELETE", path(number));
    return end;
  });
  return { cpuMs: middleOf(cpuMs), bytes: middleOf(bytes) };
}
