import { OWNER } from "../scenarios/cloud/testing.ts";
import type { World } from "../simulators/world.ts";
import type { Benchmark } from "./bench.ts";
import { createBenchmarkWorld, withDeployedBroker } from "./deployed-broker.ts";

/** How many instances there are at the end; `DRYDOCK_BIND_INSTANCES` overrides it. */
const INSTANCES = Number(process.env.DRYDOCK_BIND_INSTANCES ?? 200);
const FEW = 10;
const AT_ONCE = 20;
/** How many binds are measured. */
const BINDS = 40;

/** What a bind costs: the median, so that periodic work that happens to coincide with one of them does not count. */
interface BindCost {
  readonly cpuMs: number;
  /** Bytes of the answers that the broker got from its backends. */
  readonly bytes: number;
}

const middleOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** A world that counts the bytes of all answers that its network carries. */
function countBytes(world: World): { readonly world: World; readonly count: () => number } {
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

async function inTurn(count: number, first: number, work: (number: number) => Promise<string>): Promise<void> {
  for (let number = first; number < first + count; number++) {
    const end = await work(number);
    if (end !== "succeeded") throw new Error(`${number} ended ${end}`);
  }
}

async function measureBinds(): Promise<{ readonly few: BindCost; readonly many: BindCost }> {
  const world = createBenchmarkWorld();
  const counted = countBytes(world);
  return withDeployedBroker(
    world,
    (customer) => {
      const provision = async (first: number, count: number): Promise<void> => {
        const share = Math.ceil(count / AT_ONCE);
        const make = (number: number): Promise<string> =>
          customer.ask("PUT", `/v2/service_instances/i${number}`, OWNER);
        const shares = Array.from({ length: AT_ONCE }, (_, at) =>
          inTurn(Math.max(0, Math.min(share, count - at * share)), first + at * share, make),
        );
        await Promise.all(shares);
      };
      const cost = async (name: string): Promise<BindCost> => {
        const [bytes, cpuMs]: [number[], number[]] = [[], []];
        const path = (number: number): string => `/v2/service_instances/i0/service_bindings/${name}-${number}`;
        await inTurn(BINDS, 0, async (number) => {
          const [counter, cpu] = [counted.count(), process.cpuUsage()];
          const end = await customer.ask("PUT", path(number), { bind_resource: { app_guid: "a" } });
          const { user, system } = process.cpuUsage(cpu);
          bytes.push(counted.count() - counter);
          cpuMs.push((user + system) / 1000);
          await customer.ask("DELETE", path(number));
          return end;
        });
        return { cpuMs: middleOf(cpuMs), bytes: middleOf(bytes) };
      };
      return world.run(async () => {
        await provision(0, FEW);
        // The first bind also compiles the code.
        await cost("warm");
        const few = await cost("few");
        await provision(FEW, INSTANCES - FEW);
        return { few, many: await cost("many") };
      });
    },
    counted.world,
  );
}

let figures: ReturnType<typeof measureBinds> | undefined;
const measureOnce = (): ReturnType<typeof measureBinds> => (figures ??= measureBinds());

export const BIND_BENCHMARKS: readonly Benchmark[] = [
  {
    name: `broker: bytes of a bind among ${INSTANCES} instances`,
    aim: { text: `as among ${FEW}, by 1 %`, met: (value) => value <= 1.01 },
    measure: async () => {
      const { few, many } = await measureOnce();
      return { value: many.bytes / few.bytes, unit: "x", baseline: { name: `bytes among ${FEW}`, value: few.bytes } };
    },
  },
  {
    name: `broker: CPU of a bind among ${INSTANCES} instances`,
    aim: { text: `as among ${FEW}, by 30 %`, met: (value) => value <= 1.3 },
    measure: async () => {
      const { few, many } = await measureOnce();
      return { value: many.cpuMs / few.cpuMs, unit: "x", baseline: { name: `ms among ${FEW}`, value: few.cpuMs } };
    },
  },
];
