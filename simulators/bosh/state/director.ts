import type { Kernel, Slot } from "../../kernel/index.ts";
import type { JobBehaviours } from "../agent/behaviours.ts";
import type { Cpi } from "../cpi/cpi.ts";
import type { DirectorState } from "./index.ts";
import type { TaskRunners } from "../tasks/jobs.ts";

/** A person or client with a name and password. */
export interface DirectorUser {
  readonly name: string;
  readonly password: string;
  readonly scopes: readonly string[];
}

/** A UAA of the director's own. */
export interface UaaOptions {
  /** Shown in /info. */
  readonly url: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly clients: readonly { readonly id: string; readonly secret: string; readonly scopes: readonly string[] }[];
  readonly users: readonly DirectorUser[];
}

/** How a director is set up. */
export interface DirectorOptions {
  /** Default `drydock`. */
  readonly name?: string;
  /** Default: drawn from the seed. */
  readonly uuid?: string;
  readonly version?: string;
  /** Basic authentication; ignored when `uaa` is given. */
  readonly users: readonly DirectorUser[];
  readonly uaa?: UaaOptions;
  readonly cpi: Cpi;
  readonly cpiName?: string;
  /**
   * The status with which POST, PUT and DELETE answer when they start a task: 303 behind an nginx that speaks
   * HTTP/1.1 to the director (current releases), 302 behind an older one. GETs answer 302 either way. Default
   * 303.
   */
  readonly redirectStatus?: 302 | 303;
  /** Default 3. */
  readonly workers?: number;
  /** How long an agent may take to answer its first ping, ms. Default 600,000. */
  readonly agentWaitMs?: number;
  /** The uptime of each process that agents report, in s. Default: that of the VM. The director's dummy agents report 12. */
  readonly processUptimeS?: number;
  /**
   * Whether scripts of jobs and packages are run for real, as processes of this machine in a temporary folder. Default: false, plain ones (`echo`,
   * `sleep`, `exit`) are followed, others are assumed to succeed.
   */
  readonly runScripts?: boolean;
  /**
   * A folder with the releases and stemcells that are uploaded by URLs of other machines. Default: none; such
   * uploads fail.
   */
  readonly artifacts?: string;
  /** Whether snapshots of disks are enabled. Default: false. */
  readonly snapshots?: boolean;
  /** A stand-in for a config server that generates and keeps the values of `variables`; its address is shown in /info. */
  readonly configServer?: {
    readonly url: string;
    /** Its texts for a missing variable and for an unknown type. Default: those of CredHub. */
    readonly refusals?: { readonly missing: string; readonly type: string };
    /** Whether it makes a certificate whatever the options ask for, as the config servers of the recordings do. Default: false, like CredHub. */
    readonly makesAnyCertificate?: boolean;
  };
  /** Shown by `GET /director/certificate_expiry`. Default none. */
  readonly certificates?: readonly { readonly path: string; readonly expiryMs: number }[];
  /** Whether VMs that vanish are found and recreated automatically. Default: true. */
  readonly resurrector?: boolean;
  /** Time between two looks of the health monitor, in ms (`hm.intervals.analyze_agents` and `analyze_instances`). Default: 60,000. */
  readonly analysisMs?: number;
}

/** The context of every part of the director. */
export interface Director {
  readonly kernel: Kernel;
  readonly slot: Slot<DirectorState>;
  readonly options: DirectorOptions;
  readonly name: string;
  readonly uuid: string;
  readonly cpi: Cpi;
  readonly behaviours: JobBehaviours;
  /** The function that does the work of each kind of task. */
  readonly runners: TaskRunners;
}

/** The time, in whole Unix seconds. */
export const nowSeconds = (director: Director): number => Math.floor(director.kernel.nowMs / 1000);
