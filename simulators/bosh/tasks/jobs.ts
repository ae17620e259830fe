import type { Body } from "../../kernel/index.ts";
import type { Upload } from "../artifacts/uploads.ts";
import type { DeployArgs } from "../deploy/args.ts";
import type { InstanceName } from "../problems/scan-and-fix.ts";
import type { Director } from "../state/director.ts";
import type { Task } from "../state/tasks.ts";

interface OfDeployment {
  readonly deployment: string;
}

interface OfDisks {
  readonly cids: readonly string[];
}

/** The actions on a single instance. */
export type InstanceVerb = "stop" | "start" | "restart" | "recreate";

/** The arguments that a route gives to the task it queues, by kind of job: plain data. */
export interface TaskArguments {
  readonly deploy: DeployArgs;
  readonly delete_deployment: OfDeployment & { readonly force: boolean };
  readonly create_stemcell: { readonly upload: Upload; readonly sha1: string | null; readonly fix: boolean };
  readonly delete_stemcell: { readonly name: string; readonly version: string };
  readonly create_release: {
    readonly upload: Upload;
    /** The expected digests of the archive; null for no check. */
    readonly sha1: string | null;
    readonly fix: boolean;
    readonly rebase: boolean;
  };
  /** Without a version: all of them. */
  readonly delete_release: { readonly name: string; readonly version?: string };
  readonly vms: OfDeployment & { readonly kind: "vms" | "instances" };
  readonly delete_orphan_disks: OfDisks;
  readonly cleanup: { readonly all: boolean; readonly keepOrphanedDisks: boolean };
  readonly sweep: OfDisks;
  readonly scan_and_fix: OfDeployment & { readonly instances: readonly InstanceName[] };
  readonly cck_scan: OfDeployment;
  /** As they came: the task itself refuses what is malformed. */
  readonly cck_apply: OfDeployment & { readonly resolutions: unknown; readonly maxInFlight: unknown };
  readonly errand: OfDeployment & {
    readonly errand: string;
    readonly keepAlive: boolean;
    readonly whenChanged: boolean;
    /** As they came: the task itself refuses what is malformed. */
    readonly instances: unknown;
  };
  readonly export_release: OfDeployment & {
    readonly release: string;
    readonly version: string;
    /** The stemcell's, as the request gives them: the task checks them. */
    readonly os: unknown;
    readonly stemcell: unknown;
    /** A list of `{name}`; an empty one stands for all. */
    readonly jobs: unknown;
    readonly hasSha2: boolean;
  };
  readonly logs: OfDeployment & {
    /** Their ids. */
    readonly instances: readonly string[];
    readonly type: string;
    /** Patterns of files; none stand for all. */
    readonly filters: readonly string[];
  };
  /** As they came: the task itself refuses what is malformed. */
  readonly ssh: OfDeployment & { readonly command: unknown; readonly target: unknown; readonly params: unknown };
  readonly snapshot_deployment: OfDeployment;
  readonly create_snapshot: OfDeployment & { readonly instance: string };
  readonly delete_snapshot: OfDeployment & OfDisks;
  readonly delete_deployment_snapshots: OfDeployment;
  readonly delete_vm: { readonly cid: string };
  readonly orphan_disk: { readonly cid: string };
  /** Waits forever, because no worker exists. */
  readonly dynamic_disk: { readonly body: unknown };
  readonly attach_disk: OfDeployment & {
    readonly job: string;
    readonly id: string;
    readonly cid: string;
    readonly copy: boolean;
  };
  readonly update_instance: OfDeployment & {
    readonly instance: string;
    readonly verb: InstanceVerb;
    readonly hard: boolean;
    readonly skipDrain: boolean;
  };
}

/** The kinds of work that tasks do. Several kinds may share one type. */
export type TaskKind = keyof TaskArguments;

/** The job of a task: the kind of work, and its arguments. */
export type TaskJob<K extends TaskKind = TaskKind> = {
  readonly [P in K]: { readonly kind: P; readonly args: TaskArguments[P] };
}[K];

/** Does the work of one kind of task, and returns the task's result. */
type TaskRunner<K extends TaskKind> = (director: Director, task: Task, args: TaskArguments[K]) => Body<string | null>;

/** The function that does the work of each kind of task. */
export type TaskRunners = { readonly [K in TaskKind]: TaskRunner<K> };
