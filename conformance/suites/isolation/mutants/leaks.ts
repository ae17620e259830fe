import { type Behaviour, RIGHT, type ToyBinding, type ToyInstance } from "../../toy/behaviour.ts";
import { neighboursOf, type ToyCloud } from "../../toy/cloud.ts";

/** The binding with an id, whatever its instance. */
export function anywhere(cloud: ToyCloud, id: string): ToyBinding | undefined {
  return [...cloud.instances.values()].map(({ bindings }) => bindings.get(id)).find((each) => each !== undefined);
}

/** Looks up a binding by its id alone, regardless of the instance in the path, for one kind of request. */
export const findingAnywhere = (wanted: "fetch" | "poll" | "unbind"): Partial<Behaviour> => ({
  find: (operation, instance, id, cloud) => (operation === wanted ? anywhere(cloud, id) : instance.bindings.get(id)),
});

/** A removal through another instance that is refused but does harm. */
export function harming(harm: (owner: ToyInstance, binding: ToyBinding) => void): Partial<Behaviour> {
  return {
    find(operation, instance, id, cloud) {
      const owner = neighboursOf(cloud, instance).find(({ bindings }) => bindings.has(id));
      const binding = owner?.bindings.get(id);
      if (operation === "unbind" && owner !== undefined && binding !== undefined) harm(owner, binding);
      return instance.bindings.get(id);
    },
  };
}

/** Looks up a backup by its id alone, regardless of the instance in the path, for one kind of request. */
export const owning = (wanted: "list" | "get" | "restore" | "delete"): Partial<Behaviour> => ({
  owns: (operation, instance, backup) => {
    if (backup.state === "deleted") return false;
    return operation === wanted || backup.instance === instance.id;
  },
});

/** A directory of users that is never cleaned up. */
export function outliving(): Partial<Behaviour> {
  const known = new WeakMap<ToyCloud, Map<string, Map<string, string>>>();
  return {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      const all = known.get(cloud) ?? new Map<string, Map<string, string>>();
      known.set(cloud, all);
      const old = all.get(instance.id) ?? new Map<string, string>();
      all.set(instance.id, old);
      // Users of the current instance are dropped properly; those of an earlier one with its id are not.
      old.set(binding.username, binding.password);
    },
    onProvision: (instance, cloud) => {
      for (const [username, password] of known.get(cloud)?.get(instance.id) ?? [])
        instance.users.set(username, password);
    },
  };
}

/** A network that admits more than it should. */
export const reaching = (also: Behaviour["reaches"]): Partial<Behaviour> => ({
  reaches: (instance, port, from) => RIGHT.reaches(instance, port, from) || also(instance, port, from),
});

/** A network in which a rule that was deleted can't be made a second time. */
export function openingOnce(): Partial<Behaviour> {
  const closed = new WeakSet<ToyInstance>();
  return {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      if (closed.has(instance)) instance.admitted.clear();
    },
    onUnbind: (instance, binding, cloud) => {
      RIGHT.onUnbind(instance, binding, cloud);
      if (instance.bindings.size === 0) closed.add(instance);
    },
  };
}
