import type { Driver } from "../../kernel/edge/drive.ts";
import type { DataServices } from "../index.ts";
import type { ServedKinds } from "../behaviour/absent.ts";
import { LivePlaneError } from "./errors.ts";
import type { EngineMaker } from "./engine.ts";
import { mongodb } from "./mongodb/engine.ts";
import type { KeptPlane } from "./disks.ts";
import type { NodeLimits } from "./nodes.ts";
import { postgresql } from "./postgresql/engine.ts";
import { redis } from "./redis/engine.ts";

/** The things that a live plane needs from its world, and its limits. */
export interface LivePlaneOptions extends Partial<NodeLimits> {
  readonly services: DataServices;
  /** The data services of a world on the wall clock. */
  readonly driver: Driver;
  /** How often open connections are checked against the security groups, in ms. Default: 200. `recheck` does it at once. */
  readonly recheckMs?: number;
  /** How often the disks of instances are measured, in ms. Default: 5000. */
  readonly diskMs?: number;
  /** Time between two looks at a group of nodes that replicate, in ms. Default: 250. */
  readonly lookMs?: number;
  /** How many VMs may have listeners (two each: data and agent). VMs beyond it are out of reach. Default: 2000. */
  readonly vmsMax?: number;
  /** Where disks outlive the process. Default: they go with it. */
  readonly kept?: KeptPlane | undefined;
  /** The engines by kind; a kind without an engine has no data. Default: `ENGINES`. */
  readonly engines?: readonly EngineMaker[];
  /** Called when a listener can't be opened or a server fails. Default: such errors are dropped; clients still see a refusal. */
  readonly onTrouble?: (address: string, error: unknown) => void;
}

/** The default engines. */
export const ENGINES: readonly EngineMaker[] = [postgresql, redis, mongodb];

/** The kinds that the default engines serve on this machine. */
export function servedKinds(): ServedKinds {
  const nowhere = (): Promise<string> => Promise.reject(new LivePlaneError("LIVE_DATA_CLOSED"));
  const engines = ENGINES.map((make) => make(nowhere));
  return Object.fromEntries(engines.map(({ kind, replicates = false }) => [kind, { replicates }]));
}

/** The default limits and intervals of a plane. */
export const DEFAULTS = {
  enginesMax: 64,
  idleMsMax: 300_000,
  recheckMs: 200,
  lookMs: 250,
  diskMs: 5000,
  vmsMax: 2000,
} as const;
