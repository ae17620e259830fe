import { rm } from "node:fs/promises";
import type { RealServers } from "../behaviour/services.ts";
import type { Instance, User } from "../state.ts";
import { DataServiceError } from "../wire/errors.ts";
import type { LiveGroups } from "./groups.ts";
import type { Nodes } from "./nodes.ts";
import type { Lease } from "./slot.ts";
import { dumpOf, restoreTo, Turns } from "./transfers.ts";

/** The parts behind real servers: nodes and groups of a plane, and who may use an instance. */
interface RealParts {
  readonly nodes: Nodes;
  readonly groups: LiveGroups;
  readonly lease: (instance: Instance) => Promise<Lease>;
  readonly usersOf: (instance: Instance) => ReadonlyMap<string, User>;
  readonly membersOf: (instance: Instance) => readonly Instance[];
}

/** The servers of a plane, as the simulator uses them. */
export function realServers({ nodes, groups, lease, usersOf, membersOf }: RealParts): RealServers {
  const turns = new Turns();
  const identities = new Map<string, ReturnType<RealServers["identify"]>>();
  const workOn = async <T>(instance: Instance, work: (lease: Lease) => Promise<T>): Promise<T> => {
    const leased = await lease(instance);
    try {
      return await nodes.alone(instance.disk, () => work(leased));
    } finally {
      leased.release();
    }
  };
  return {
    covers: ({ kind }) => nodes.engineOf(kind) !== undefined,
    replicates: ({ kind }) => nodes.engineOf(kind)?.replicates === true,
    identify: (instance) => {
      const engine = nodes.engineOf(instance.kind);
      const key = `${instance.kind} ${String(instance.parameters.engine_version)}`;
      const known = identities.get(key) ?? engine?.identify(instance);
      if (known === undefined) throw new DataServiceError("DS_NOT_SIMULATED", `a server for ${instance.kind}`);
      identities.set(key, known);
      return known;
    },
    wake: (instance) => {
      if (groups.isManaged(instance)) groups.wake(instance);
    },
    applyUsers: async (instance) => {
      const hasEach = nodes.engineOf(instance.kind)?.hasUsersPerNode === true;
      for (const { disk } of hasEach ? membersOf(instance) : [instance])
        await nodes.ifRunning(disk, (node) => node.applyUsers(usersOf(instance)));
    },
    dump: (instance, defects) => dumpOf(() => lease(instance), { turns, defects }),
    keep: (stream) => nodes.files().then((files) => files.keep(stream)),
    forget: ({ path }) => rm(path, { force: true }),
    restore: (instance, order) => {
      const restore = (): Promise<void> => workOn(instance, ({ node }) => restoreTo(node, order));
      return groups.isManaged(instance) ? groups.replaceHistory(instance, restore) : restore();
    },
    log: (instance, work) =>
      workOn(instance, ({ node }) => {
        if (node.log === undefined) throw new DataServiceError("DS_NOT_SIMULATED", "this instance keeps no log");
        return work(node.log);
      }),
  };
}
