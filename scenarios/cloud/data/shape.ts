import { isDeepStrictEqual } from "node:util";
import type { ServedKinds } from "../../../simulators/live/sockets.ts";
import type { CloudOptions } from "../cloud.ts";
import { KeptCloudError } from "./errors.ts";

/** The options that decide how a cloud answers. They are the same at every start. */
const SHAPING = ["services", "catalog", "profile", "analysisMs", "consul", "director"] as const;
type Shape = Pick<CloudOptions, (typeof SHAPING)[number]>;

/** As plain data, without absent options. */
function plain(options: Shape): Readonly<Record<string, unknown>> {
  const given = SHAPING.map((name) => [name, options[name]] as const).filter(([, value]) => !isEmpty(value));
  return JSON.parse(JSON.stringify(Object.fromEntries(given)));
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** Refuses services whose data would be lost. @throws KeptCloudError DATA_NOT_KEPT */
export function requireKept({ services }: Pick<CloudOptions, "services">, served: ServedKinds): void {
  if (services !== undefined && !services.includes("redis")) return;
  // Of Redis, only a server program replicates; our own engine has its data in memory.
  if (served.redis?.replicates !== true)
    throw new KeptCloudError(
      "DATA_NOT_KEPT",
      "no Redis or Valkey is on the PATH, and drydock's own engine has its data in memory: install one, or name other services with --services",
    );
}

/** The shaping options of a new cloud, for its record. @throws KeptCloudError DATA_NOT_KEPT for what can't be made again */
export function shapeOf(options: CloudOptions): Readonly<Record<string, unknown>> {
  if (options.store === "postgres-ha")
    throw new KeptCloudError(
      "DATA_NOT_KEPT",
      "--store postgres-ha has its servers in a folder that goes with the process",
    );
  if (options.director?.options?.runScripts === true)
    throw new KeptCloudError(
      "DATA_NOT_KEPT",
      "what scripts of jobs did on this machine (run_scripts) can't be repeated",
    );
  return plain(options);
}

/** The options of a kept cloud: those of its record. @throws KeptCloudError DATA_OPTIONS for one that is given and differs */
export function withShape(options: CloudOptions, kept: Readonly<Record<string, unknown>>): CloudOptions {
  const given = shapeOf(options);
  for (const name of SHAPING)
    if (given[name] !== undefined && !isDeepStrictEqual(given[name], kept[name]))
      throw new KeptCloudError(
        "DATA_OPTIONS",
        `the cloud was made with ${name} = ${JSON.stringify(kept[name] ?? "the default")}`,
      );
  return { ...options, ...kept };
}
