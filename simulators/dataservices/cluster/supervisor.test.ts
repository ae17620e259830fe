import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { phaseOf, primaryOf } from "./cluster.ts";
import { type Event, ModelGroup } from "./testing.ts";

const NODES = 3;
/** The number of looks after which a group that is left alone is complete again. */
const LOOKS_MAX = 60;

const node = fc.nat(NODES - 1);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Event>({ do: "look" }) },
  { weight: 5, arbitrary: fc.constant<Event>({ do: "write" }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("replicate"), node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("kill", "freeze", "delete-vm"), node }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("return-vm"), node }) },
);
const failures = fc.uniqueArray(fc.nat(200), { maxLength: 20 }).map((each) => new Set(each));

/** A group that has just become synchronous. */
function startGroup(failed: ReadonlySet<number> = new Set()): ModelGroup {
  const group = new ModelGroup(NODES, failed);
  for (let look = 0; look < 8; look++) group.look();
  return group;
}

/** Every following replica gets what it lacks. */
const replicateAll = (group: ModelGroup): void => {
  for (const index of group.nodes.keys())
    for (let step = 0; step < 5; step++) group.happen({ do: "replicate", node: index });
};

function settle(group: ModelGroup): void {
  group.heal();
  for (let look = 0; look < LOOKS_MAX; look++) {
    replicateAll(group);
    group.look();
  }
}

const holdsAll = (group: ModelGroup): void => {
  for (const index of group.writable) {
    const held = new Set(group.nodes[index]?.history);
    expect(group.acknowledged.filter((write) => !held.has(write))).toEqual([]);
  }
};

describe("a group under supervision", () => {
  it("never has two nodes that accept writes, never serves without an acknowledged write, and becomes complete when left alone", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: "max" }), failures, (events, failed) => {
        const group = startGroup(failed);
        for (const each of events) {
          group.happen(each);
          expect(group.writable.length).toBeLessThanOrEqual(1);
          holdsAll(group);
        }
        settle(group);
        expect(group.writable).toEqual([primaryOf(group.cluster)]);
        holdsAll(group);
        const phases = group.nodes.map((_, index) => phaseOf(group.cluster, index)).sort();
        expect(phases).toEqual(["primary", "replica", "replica"]);
        const before = group.acknowledged.length;
        group.happen({ do: "write" });
        replicateAll(group);
        expect(group.acknowledged.length).toBeGreaterThan(before);
      }),
      { numRuns: 1000 },
    );
  });

  it("promotes the replica that is furthest, at the first look at which the primary is gone", () => {
    const group = startGroup();
    group.happen({ do: "write" });
    group.happen({ do: "replicate", node: 2 });
    expect(group.acknowledged).toEqual(["w1"]);
    group.happen({ do: "delete-vm", node: 0 });
    group.look();
    group.look();
    expect(group.writable).toEqual([2]);
    expect(group.cluster.term).toBe(1);
  });

  it("promotes no node while a replica that may hold an acknowledged write is out of sight", () => {
    const group = startGroup();
    group.happen({ do: "write" });
    group.happen({ do: "replicate", node: 2 });
    for (const gone of [2, 0]) group.happen({ do: "delete-vm", node: gone });
    for (let look = 0; look < LOOKS_MAX; look++) group.look();
    expect(group.writable).toEqual([]);
    group.happen({ do: "return-vm", node: 0 });
    for (let look = 0; look < 3; look++) group.look();
    expect(group.writable).toEqual([0]);
  });

  it("continues without a replica that stays away, and then survives the loss of the primary too", () => {
    const group = startGroup();
    group.happen({ do: "delete-vm", node: 2 });
    for (let look = 0; look < 12; look++) {
      replicateAll(group);
      group.look();
    }
    expect(group.cluster.voters).toEqual([1]);
    group.happen({ do: "write" });
    replicateAll(group);
    group.happen({ do: "kill", node: 0 });
    for (let look = 0; look < 2; look++) group.look();
    expect(group.writable).toEqual([1]);
    holdsAll(group);
  });

  it("orders the copy of an old primary again if the first order has no effect", () => {
    for (let failed = 0; failed < 40; failed++) {
      const group = startGroup(new Set([failed]));
      group.happen({ do: "delete-vm", node: 0 });
      for (let look = 0; look < 2; look++) group.look();
      // Never acknowledged: the next primary does not have them.
      group.happen({ do: "write" });
      group.happen({ do: "write" });
      group.happen({ do: "kill", node: group.cluster.leader });
      for (let look = 0; look < 2; look++) group.look();
      group.happen({ do: "write" });
      group.happen({ do: "return-vm", node: 0 });
      for (let look = 0; look < 3; look++) group.look();
      replicateAll(group);
      group.happen({ do: "kill", node: group.cluster.leader });
      settle(group);
      holdsAll(group);
    }
  });

  it("lets an old primary serve no client until it is a copy of the new one", () => {
    const group = startGroup();
    group.happen({ do: "write" });
    replicateAll(group);
    group.happen({ do: "write" });
    group.happen({ do: "kill", node: 0 });
    for (let look = 0; look < 2; look++) {
      group.look();
      expect(phaseOf(group.cluster, 0)).not.toBe("replica");
    }
    settle(group);
    expect(group.nodes[0]?.history).toEqual(group.nodes[group.cluster.leader]?.history);
    expect(phaseOf(group.cluster, 0)).toBe("replica");
  });
});
