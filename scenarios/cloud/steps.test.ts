import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embeddedPool } from "../../broker/index.ts";
import { findBrokenLaws } from "../../simulators/laws.ts";
import { createWorld } from "../../simulators/world.ts";
import { recordLaws } from "../laws/records.ts";
import { strideOf } from "../../scripts/tests/slice.ts";
import { inception } from "../story/inception.ts";
import { Fate } from "./testing/fate.ts";
import { OWNER, PersistentCustomer } from "./testing.ts";

/*
 * Each operation is ordered again and again, and the broker is killed after its first step, its second, its third … until the operation ends before the
 * broker is killed. A step is one exchange with a backend (director, OpenStack, agent), one statement or transaction, or one pause: whatever happens in
 * the world happens in a step, so that a walk of all steps leaves no moment out. The broker is started again some seconds later.
 */
const SERVICE = "postgresql";
/** More steps than any operation has: a walk that does not end before is a fault. */
const STEPS_MAX = 400;
const WALK_MS_MAX = 900_000;
/** The broker is killed after each so many steps, of each operation after others; `npm run unit:whole` leaves none out. */
const STRIDE = strideOf(16);

type FaultRule = Parameters<Fate["world"]["kernel"]["faults"]["arm"]>[0];

/** The result of one order of an operation. */
type Outcome = Readonly<Record<string, unknown>>;

describe("a broker that is killed after each step of an operation", () => {
  let fate: Fate;
  let customer: PersistentCustomer;
  let made = 0;

  beforeAll(async () => {
    const world = createWorld({ seed: 11, scramIterations: 1, journalEventsMax: 200 });
    fate = new Fate(world, SERVICE, embeddedPool());
    await world.run(async () => {
      await inception(world, { services: [SERVICE] });
      const [broker] = fate.brokers.list();
      if (broker !== undefined) customer = await PersistentCustomer.of(world, broker);
    });
  }, WALK_MS_MAX);

  afterAll(() => fate?.brokers.close());

  const pathOf = (name: string): string => `/v2/service_instances/${name}`;
  const backupsOf = (name: string): string => `${pathOf(name)}/extensions/backup/backups`;
  const bindingOf = (name: string): string => `${pathOf(name)}/service_bindings/${name}-b`;
  const bound = { bind_resource: { app_guid: "app" } };
  const provision = (name: string): Promise<string> => customer.ask("PUT", pathOf(name), OWNER);
  const deprovision = (name: string): Promise<string> => customer.ask("DELETE", pathOf(name));
  const findBroken = async (): Promise<readonly string[]> =>
    findBrokenLaws(fate.world, recordLaws(await customer.records()));

  interface Walk {
    /** Creates what the operation works on. */
    readonly before?: (name: string) => Promise<unknown>;
    readonly operate: (name: string) => Promise<Outcome | string>;
    /** The required outcome, at whichever step the broker is killed. */
    readonly expected: Outcome | string;
    /** Removes what is left. */
    readonly after?: (name: string) => Promise<unknown>;
    /** A fault that is armed while it operates. */
    readonly fault?: FaultRule;
  }

  /** One round: returns the outcome and the number of steps. */
  const play = (walk: Walk, killedAt: number): Promise<number> =>
    fate.world.run(async () => {
      const name = `walk-${++made}`;
      const { faults } = fate.world.kernel;
      await walk.before?.(name);
      const armed = walk.fault && faults.arm(walk.fault);
      fate.begin([killedAt]);
      const outcome = await walk.operate(name);
      const { steps } = fate;
      fate.begin([]);
      if (armed !== undefined) faults.disarm(armed);
      const where = `killed after step ${killedAt} of ${steps}`;
      expect({ where, outcome, broken: await findBroken() }).toEqual({ where, outcome: walk.expected, broken: [] });
      await walk.after?.(name);
      const records = (await customer.records()).filter(({ id }) => id === name);
      expect({ where, left: await findBroken(), records }).toEqual({ where, left: [], records: [] });
      expect(fate.reported).toEqual([]);
      return steps;
    });

  const walk = async (each: Walk, first: number): Promise<void> => {
    for (let killedAt = first % STRIDE; killedAt < STEPS_MAX; killedAt += STRIDE)
      if ((await play(each, killedAt)) <= killedAt) return;
    throw new Error(`it has not ended within ${STEPS_MAX} steps`);
  };

  const backUp = async (name: string): Promise<string> => (await customer.make(backupsOf(name), backupsOf(name))).id;

  const WALKS: Readonly<Record<string, Walk>> = {
    provision: { operate: provision, expected: "succeeded", after: deprovision },
    "a provision that fails, and its undoing": {
      operate: provision,
      expected: "failed",
      after: deprovision,
      fault: { point: "cpi:create_vm", count: null, effect: { kind: "error", message: "no host" } },
    },
    deprovision: { before: provision, operate: deprovision, expected: "succeeded" },
    "a deletion that cuts a provision short": {
      operate: async (name) => {
        const order = customer.ask("PUT", pathOf(name), OWNER);
        await fate.world.driver.sleep(1_000);
        await deprovision(name);
        await order;
        // If the order was repeated after a kill, it may have come after the deletion.
        return deprovision(name);
      },
      expected: "succeeded",
    },
    update: {
      before: provision,
      operate: (name) => customer.ask("PATCH", pathOf(name), { parameters: { max_connections: 21 } }),
      expected: "succeeded",
      after: deprovision,
    },
    "an update that fails, and its undoing": {
      before: provision,
      operate: (name) => customer.ask("PATCH", pathOf(name), { parameters: { max_connections: 21 } }),
      expected: "failed",
      after: deprovision,
      // Once: undoing it succeeds.
      fault: { point: "director:task", count: 1, effect: { kind: "error", message: "no" } },
    },
    bind: {
      before: provision,
      operate: (name) => customer.ask("PUT", bindingOf(name), bound),
      expected: "succeeded",
      after: deprovision,
    },
    unbind: {
      before: async (name) => {
        await provision(name);
        await customer.ask("PUT", bindingOf(name), bound);
      },
      operate: (name) => customer.ask("DELETE", bindingOf(name)),
      expected: "succeeded",
      after: deprovision,
    },
    backup: {
      before: provision,
      operate: async (name) => (await customer.make(backupsOf(name), backupsOf(name))).state,
      expected: "succeeded",
      after: deprovision,
    },
    restore: {
      before: async (name) => {
        await provision(name);
        await backUp(name);
      },
      operate: async (name) => {
        const [first] = (await customer.records()).find(({ id }) => id === name)?.backups ?? [];
        const restores = `${pathOf(name)}/extensions/backup/restores`;
        return (await customer.make(`${backupsOf(name)}/${first?.id}/restores`, restores)).state;
      },
      expected: "succeeded",
      after: deprovision,
    },
  };

  it.each(Object.entries(WALKS).map(([name, each], at) => ({ name, each, first: 5 * at })))(
    "finishes it nonetheless: $name",
    ({ each, first }) => walk(each, first),
    WALK_MS_MAX,
  );
});
