import type { OperationContext, PlantedBug } from "../../broker/index.ts";

type Store = OperationContext["store"];
type Host = Parameters<NonNullable<PlantedBug["host"]>>[0];

/** A bug that can be planted in the reference broker, and what then goes wrong. */
export interface NamedBug {
  readonly name: string;
  /** The part of the broker that is wrong. */
  readonly part: "broker" | "updater" | "guard" | "backup manager";
  /** The broker's behaviour with the bug, as a sentence without its subject. */
  readonly does: string;
  readonly bug: PlantedBug;
}

/** A broker whose deployer does some things differently. */
export const withDeployer = (
  change: (deployer: OperationContext["deployer"]) => Partial<OperationContext["deployer"]>,
): PlantedBug => ({
  context: (context) => ({ ...context, deployer: { ...context.deployer, ...change(context.deployer) } }),
});

/** A broker whose backup store does some things differently. */
export const withBackups = (
  change: (backups: OperationContext["backups"]) => Partial<OperationContext["backups"]>,
): PlantedBug => ({
  context: (context) => ({ ...context, backups: { ...context.backups, ...change(context.backups) } }),
});

/** A broker whose data guard does some things differently. */
export const withGuard = (
  change: (guard: OperationContext["guard"]) => Partial<OperationContext["guard"]>,
): PlantedBug => ({
  context: (context) => {
    const { guard } = context;
    const sound: OperationContext["guard"] = {
      protect: (instance, vms) => guard.protect(instance, vms),
      reprotect: (id, vms) => guard.reprotect(id, vms),
      guardedPorts: () => guard.guardedPorts(),
      admit: (instance, cidrs) => guard.admit(instance, cidrs),
      narrow: (id, cidrs) => guard.narrow(id, cidrs),
      close: (id) => guard.close(id),
      remove: (id) => guard.remove(id),
    };
    return { ...context, guard: { ...sound, ...change(guard) } };
  },
});

function changeStore(store: Store, change: (store: Store) => Partial<Store>): Store {
  const fencedBy: Store["fencedBy"] = (id, fence) => changeStore(store.fencedBy(id, fence), change);
  return { ...store, fencedBy, ...change(store) };
}

/** A broker whose store does some things differently, including for workers on operations. */
export const withStore = (change: (store: Store) => Partial<Store>): PlantedBug => ({
  context: (context) => ({ ...context, store: changeStore(context.store, change) }),
});

/** A broker some of whose requests are handled differently. `send` sends the intended request. */
export const withRequests = (
  method: string,
  url: RegExp,
  fare: (send: () => Promise<Response>, url: string) => Promise<Response>,
): PlantedBug => ({
  host: (host: Host) => ({
    ...host,
    fetch: (target, init) => {
      const send = (): Promise<Response> => host.fetch(target, init);
      return (init?.method ?? "GET") === method && url.test(target) ? fare(send, target) : send();
    },
  }),
});
