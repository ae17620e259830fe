import type { Clock } from "../../client/clock.ts";
import type { Backend, FaultHook, LookHook } from "../../runner/hooks.ts";
import { DAY_MS } from "./behaviour.ts";
import type { ToyCloud } from "./cloud.ts";
import { showPage } from "./dashboard.ts";
import { LOOKS } from "./sound.ts";
import type { Task } from "./vault.ts";

/** Faults that last until they are repaired. */
const LASTING = [
  "store-missing",
  "store-refuse",
  "store-error",
  "store-full",
  "store-slow",
  "store-cut",
  "kill-agent",
  "kill-primary",
  "kill-restore",
  "guard-down",
] as const;

const nothing = async (): Promise<void> => {};

function lasting(cloud: ToyCloud, name: string): FaultHook {
  return async (id) => {
    cloud.faults.add(name);
    const instance = cloud.instances.get(id);
    if (name === "kill-primary" && instance !== undefined) cloud.does.onFailOver(instance, cloud);
    return async () => void cloud.faults.delete(name);
  };
}

function damaging(cloud: ToyCloud, damage: NonNullable<Task["damage"]>): FaultHook {
  return async (id) => {
    const backup = cloud.vault
      .tasks()
      .findLast((each) => each.instance === id && each.kind === "backup" && each.state === "succeeded");
    if (backup !== undefined) backup.damage = damage;
    return async () => {
      if (backup !== undefined) backup.damage = undefined;
    };
  };
}

/** The views of instances' managers. */
const pageLooks = (cloud: ToyCloud): Record<string, LookHook> =>
  Object.fromEntries(
    (["dashboard-session", "dashboard-requests"] as const).map((name) => [
      name,
      async (id) => showPage(name, id, cloud),
    ]),
  );

const removeRole =
  (cloud: ToyCloud): FaultHook =>
  async (id) => {
    cloud.pages.removed.add(id);
    return async () => void cloud.pages.removed.delete(id);
  };

/** The hooks of a toy cloud's operator: means of breaking things and of looking. */
export function toyBackend(cloud: ToyCloud, clock: Clock): Backend {
  const faults: Record<string, FaultHook> = {
    ...Object.fromEntries(LASTING.map((name) => [name, lasting(cloud, name)])),
    "flip-byte": damaging(cloud, "byte"),
    "drop-part": damaging(cloud, "part"),
    "swap-metadata": damaging(cloud, "metadata"),
    "reuse-address": async (id) => {
      cloud.addressToReuse = cloud.instances.get(id)?.host;
      return async () => void (cloud.addressToReuse = undefined);
    },
    "fill-disk": async (id) => {
      const instance = cloud.instances.get(id);
      if (instance !== undefined) instance.isFull = true;
      return async () => {
        if (instance !== undefined) instance.isFull = false;
      };
    },
    clock: async () => {
      await clock.sleepMs(DAY_MS);
      cloud.vault.tick();
      return nothing;
    },
    "recreate-vm": async (id) => {
      const instance = cloud.instances.get(id);
      instance?.admitted.clear();
      if (instance !== undefined) cloud.does.onMove(instance, cloud);
      return nothing;
    },
    "node-lost": async (id) => {
      const instance = cloud.instances.get(id);
      if (instance !== undefined) cloud.does.onNodeLost(instance);
      return nothing;
    },
    "role-removed": removeRole(cloud),
    "set-back": async (id) => {
      cloud.does.setBack(id, cloud.vault);
      return nothing;
    },
  };
  const look =
    (name: string): LookHook =>
    async (id) => {
      const instance = cloud.instances.get(id) ?? cloud.gone.get(id);
      return instance === undefined ? [] : cloud.does.look(name, instance, cloud);
    };
  const looks: Record<string, LookHook> = Object.fromEntries(LOOKS.map((name) => [name, look(name)]));
  return { faults, looks: { ...looks, ...pageLooks(cloud) } };
}
