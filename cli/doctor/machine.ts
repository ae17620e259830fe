import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { availableParallelism, freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { findCloudsUp, keysFile } from "../cloud-state.ts";
import type { Finding } from "./finding.ts";

const NODE_MAJOR = 24;
const GIB = 2 ** 30;
/** A cloud with PostgreSQL, Redis and MongoDB takes about a third of it. */
const MEMORY_GIB_MIN = 1;
const DISK_GIB_MIN = 1;

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;

/** The Node that runs this command. */
export async function probeNode(): Promise<Finding> {
  const found = `${process.version} at ${process.execPath}`;
  const isRight = Number(process.versions.node.split(".")[0]) === NODE_MAJOR;
  if (isRight) return { name: "Node.js", state: "ok", found };
  const help = `drydock is not tested on it; npm install with scripts allowed brings Node ${NODE_MAJOR}`;
  return { name: "Node.js", state: "less", found, affects: "everything", help };
}

/** Cores and memory. */
export async function probeSize(): Promise<Finding> {
  const [cores, free] = [availableParallelism(), freemem()];
  const found = `${cores} ${cores === 1 ? "core" : "cores"}, ${gib(free)} of memory free`;
  if (free >= MEMORY_GIB_MIN * GIB) return { name: "size", state: "ok", found };
  return { name: "size", state: "less", found, affects: "up and exec with data services", help: "free some memory" };
}

/** The folder for temporary files, where PostgreSQL keeps its data. */
export async function probeScratch(): Promise<Finding> {
  const [name, folder] = ["temporary files", tmpdir()];
  try {
    rmSync(mkdtempSync(join(folder, "drydock-doctor-")), { recursive: true });
    const { bavail, bsize } = statfsSync(folder);
    const found = `${folder}, ${gib(bavail * bsize)} free`;
    if (bavail * bsize >= DISK_GIB_MIN * GIB) return { name, state: "ok", found };
    return { name, state: "less", found, affects: "data services", help: "free some space, or set TMPDIR" };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return {
      name,
      state: "missing",
      found,
      affects: "data services, reports",
      help: "set TMPDIR to a writable folder",
    };
  }
}

/** The folder in which a running cloud is found by other commands. */
export async function probeState(): Promise<Finding> {
  try {
    const path = keysFile();
    const clouds = await findCloudsUp();
    const blocks = clouds.map(({ block }) => block).join(", ");
    return {
      name: "clouds up",
      state: "ok",
      found: clouds.length === 0 ? `none (${path})` : `${clouds.length}: ${blocks}`,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name: "clouds up", state: "missing", found: error.message, affects: "up, env", help: "see the message" };
  }
}

/** The Chromium that the tests of the report's page drive; reading a report takes any browser. */
export async function probeBrowser(): Promise<Finding> {
  const own = process.env["DRYDOCK_CHROMIUM"];
  const affects = "tests of the pages; a report opens in any browser";
  if (own === undefined) {
    const found = "DRYDOCK_CHROMIUM is not set: in a checkout npm's is used, elsewhere none is needed";
    return { name: "browser", state: "ok", found };
  }
  try {
    accessSync(own, constants.X_OK);
    return { name: "browser", state: "ok", found: own };
  } catch {
    return {
      name: "browser",
      state: "less",
      found: `${own} can't be run`,
      affects,
      help: "correct DRYDOCK_CHROMIUM, or unset it",
    };
  }
}
