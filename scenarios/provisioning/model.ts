import { ScenarioError } from "../errors.ts";
import { ExpectedContents, type KnownBackup } from "./contents.ts";

/**
 * What a platform knows of what it has ordered.
 *
 * making    accepted, and not yet at its end
 * standing  there, and to be used
 * orphaned  its outcome is not known, or it failed: the platform will delete it, as the specification has it (orphan mitigation)
 * going     its deletion was asked for, and is not yet at its end
 * gone      deleted, or refused
 */
export type Phase = "making" | "standing" | "orphaned" | "going" | "gone";

/** What a plan and parameters are called by the platform. */
export interface InstanceShape {
  /** Index into the offer's plans. */
  readonly plan: number;
  readonly maxConnections: number | null;
}

export interface ModelInstance {
  readonly id: string;
  readonly tenant: number;
  phase: Phase;
  /** What it may be; more than one while an update goes on or its outcome is not known. */
  shapes: readonly InstanceShape[];
  /** What the update that goes on makes of it. */
  update: InstanceShape | undefined;
  /** Requests have been cut off since it was last known to be idle: something may go on that nobody has told of. */
  uncertain: boolean;
  /** False: its last update has failed in a way that leaves it out of order. */
  usable: boolean;
  /** The restore that goes on; its id is not known when the answer was cut off. */
  restore: { readonly id: string | undefined } | undefined;
  readonly restoresSeen: Set<string>;
  readonly holds: ExpectedContents;
  readonly bindings: ModelBinding[];
  readonly backups: ModelBackup[];
}

export interface Credentials {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly username: string;
  readonly password: string;
}

export interface ModelBinding {
  readonly id: string;
  readonly instance: ModelInstance;
  phase: Phase;
  credentials: Credentials | undefined;
  /** The address that its name led to when it was last used. */
  address: string | undefined;
}

export interface ModelBackup {
  /** Undefined: its order was cut off, so it may or may not exist. */
  id: string | undefined;
  readonly instance: ModelInstance;
  phase: "going on" | "usable" | "gone";
  readonly known: KnownBackup;
}

/** The subject has broken what it promised. */
export class BrokenPromise extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BrokenPromise";
  }
}

export const isFailure = (error: unknown): error is Error =>
  error instanceof BrokenPromise || error instanceof ScenarioError;

export class Model {
  readonly instances: ModelInstance[] = [];
  readonly bindings: ModelBinding[] = [];
  readonly backups: ModelBackup[] = [];

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
      restoresSeen: new Set(),
      holds: new ExpectedContents(),
      bindings: [],
      backups: [],
    };
    this.instances.push(instance);
    return instance;
  }

  bind(id: string, instance: ModelInstance): ModelBinding {
    const binding: ModelBinding = { id, instance, phase: "making", credentials: undefined, address: undefined };
    this.bindings.push(binding);
    instance.bindings.push(binding);
    return binding;
  }

  backUp(instance: ModelInstance): ModelBackup {
    const backup: ModelBackup = { id: undefined, instance, phase: "going on", known: instance.holds.beginBackup() };
    this.backups.push(backup);
    instance.backups.push(backup);
    return backup;
  }
}

/** Nothing goes on at it, as far as its platform knows, and nothing can that it does not know of: a valid order must be taken. */
export const isCalm = (instance: ModelInstance): boolean =>
  instance.phase === "standing" &&
  instance.update === undefined &&
  !instance.uncertain &&
  instance.usable &&
  instance.restore === undefined &&
  instance.bindings.every(({ phase }) => phase === "standing" || phase === "gone") &&
  instance.backups.every(({ phase }) => phase !== "going on");

/** An instance is gone, and all that was part of it. */
export function markGone(instance: ModelInstance): void {
  instance.phase = "gone";
  instance.update = undefined;
  instance.restore = undefined;
  instance.uncertain = false;
  for (const binding of instance.bindings) binding.phase = "gone";
  for (const backup of instance.backups) backup.phase = "gone";
}
