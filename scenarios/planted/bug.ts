import type { OperationContext, PlantedBug } from "../../broker/index.ts";

type Store = OperationContext["store"];
type Host = Parameters<NonNullable<PlantedBug["host"]>>[0];

/** A bug that can be planted in the reference broker, and what is wrong then. */
export interface NamedBug {
  readonly name: string;
  /** The part of the broker that is wrong. */
  readonly part: "broker" | "updater" | "guard" | "backup manager";
  /** What the broker does then, as a sentence without its subject. */
  readonly does: string;
  readonly bug: PlantedBug;
}

/** A broker whose deployer does some things in another way. */
export const withDeployer = (
  change: (deployer: OperationContext["deployer"]) => Partial<OperationContext["deployer"]>,
): PlantedBug => ({
  context: (context) => ({ ...context, deployer: { ...context.deployer, ...change(context.deployer) } }),
});

/** A broker whose backup store does some things in another way. */
export const withBackups = (
  change: (backups: OperationContext["backups"]) => Partial<OperationContext["backups"]>,
): PlantedBug => ({
  context: (context) => ({ ...context, backups: { ...context.backups, ...change(context.backups) } }),
});

/** A broker whose data guard does some things in another way. */
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
      remove: (id) => guard.remove(id),
    };
    return { ...context, guard: { ...sound, ...change(guard) } };
  },
});

function changeStore(store: Store, change: (store: Store) => Partial<Store>): Store {
  const fencedBy: Store["fencedBy"] = (id, fence) => changeStore(store.fencedBy(id, fence), change);
  return { ...store, fencedBy, ...change(store) };
}

/** A broker whose store does some things in another way, also for whoever works on an operation. */
export const withStore = (change: (store: Store) => Partial<Store>): PlantedBug => ({
  context: (context) => ({ ...context, store: changeStore(context.store, change) }),
});

/** A broker some of whose requests fare in another way. `send` sends the request that was meant. */
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
