import type { BindingCredentials } from "../clients/osb.ts";
import { ExpectedContents, type KnownBackup } from "./contents.ts";

/**
 * What a platform knows about an instance or a binding that it has ordered.
 *
 * making    accepted, and not finished yet
 * standing  there, and ready for use
 * orphaned  failed, or its outcome is unknown: the platform will delete it, as the specification says (orphan mitigation)
 * going     its deletion was accepted, and is not finished yet
 * gone      deleted, or refused
 */
export type Phase = "making" | "standing" | "orphaned" | "going" | "gone";

/** The plan and the parameters of an instance. */
export interface InstanceShape {
  /** Index into the offer's plans. */
  readonly plan: number;
  /** The parameter `max_connections`; null if it was not given. */
  readonly maxConnections: number | null;
}

/** A platform's knowledge about a service instance. */
export interface ModelInstance {
  readonly id: string;
  readonly tenant: number;
  phase: Phase;
  /** The shapes that it may have: more than one while an update is in progress or its outcome is unknown. */
  shapes: readonly InstanceShape[];
  /** The shape that the update in progress gives it. */
  update: InstanceShape | undefined;
  /** A request was cut off since it was last known to be idle: something may be in progress that the platform does not know about. */
  uncertain: boolean;
  /** False if its last update failed in a way that leaves it out of order. */
  usable: boolean;
  /** The restore in progress; its id is unknown when the answer was cut off. */
  restore: { readonly id: string | undefined } | undefined;
  /** How its last restore ended. */
  restored: "succeeded" | "failed" | undefined;
  readonly restoresSeen: Set<string>;
  readonly holds: ExpectedContents;
  readonly bindings: ModelBinding[];
  readonly backups: ModelBackup[];
}

/** A platform's knowledge about a binding. */
export interface ModelBinding {
  readonly id: string;
  readonly instance: ModelInstance;
  phase: Phase;
  credentials: BindingCredentials | undefined;
  /** The address of its host when it was last used. */
  address: string | undefined;
}

/** A platform's knowledge about a backup. */
export interface ModelBackup {
  /** Undefined when its order was cut off, so that it may or may not exist. */
  id: string | undefined;
  readonly instance: ModelInstance;
  phase: "going on" | "usable" | "gone";
  readonly known: KnownBackup;
}

/** Everything that a platform has ordered, in the order in which it did. */
export class Model {
  readonly instances: ModelInstance[] = [];
  readonly bindings: ModelBinding[] = [];
  readonly backups: ModelBackup[] = [];

  /** Notes that an instance is being made. */
  add(id: string, tenant: number, shape: InstanceShape): ModelInstance {
    const instance: ModelInstance = {
      id,
      tenant,
      phase: "making",
      shapes: [shape],
      update: undefined,
      uncertain: false,
      usable: true,
      restore: undefined,
      restored: undefined,
      restoresSeen: new Set(),
      holds: new ExpectedContents(),
      bindings: [],
      backups: [],
    };
    this.instances.push(instance);
    return instance;
  }

  /** Notes that a binding is being made. */
  bind(id: string, instance: ModelInstance): ModelBinding {
    const binding: ModelBinding = { id, instance, phase: "making", credentials: undefined, address: undefined };
    this.bindings.push(binding);
    instance.bindings.push(binding);
    return binding;
  }

  /** Notes that a backup is being made. */
  backUp(instance: ModelInstance): ModelBackup {
    const backup: ModelBackup = { id: undefined, instance, phase: "going on", known: instance.holds.beginBackup() };
    this.backups.push(backup);
    instance.backups.push(backup);
    return backup;
  }
}

/** Whether nothing is in progress at an instance, nor can be without its platform's knowledge: then a valid order must be accepted. */
export const isIdle = (instance: ModelInstance): boolean =>
  instance.phase === "standing" &&
  instance.update === undefined &&
  !instance.uncertain &&
  instance.usable &&
  instance.restore === undefined &&
  instance.bindings.every(({ phase }) => phase === "standing" || phase === "gone") &&
  instance.backups.every(({ phase }) => phase !== "going on");

/** Notes that an instance is gone, with its bindings and backups. */
export function markGone(instance: ModelInstance): void {
  instance.phase = "gone";
  instance.update = undefined;
  instance.restore = undefined;
  instance.uncertain = false;
  for (const binding of instance.bindings) binding.phase = "gone";
  for (const backup of instance.backups) backup.phase = "gone";
}
