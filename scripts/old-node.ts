import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A Node.js of this machine that is older than the pinned one, as a user may have. */
interface OldNode {
  readonly path: string;
  /** `20.20.2` */
  readonly version: string;
}

/** The lowest version that `engines` in package.json allows. */
const NODE_MAJOR_MIN = 20;
/** The version that runs our sources. */
const NODE_MAJOR_NEEDED = 24;

/** Finds the oldest Node.js on the PATH that `engines` allows and that is older than the pinned one; undefined if there is none. */
export function findOldNode(): OldNode | undefined {
  const paths = (process.env["PATH"] ?? "").split(delimiter).map((dir) => join(dir, "node"));
  const real = new Set(paths.filter((path) => existsSync(path)).map((path) => realpathSync(path)));
  return [...real]
    .map((path) => ({
      path,
      version: execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).trim(),
    }))
    .map((node) => ({ node, major: Number(node.version.split(".")[0]) }))
    .filter(({ major }) => major >= NODE_MAJOR_MIN && major < NODE_MAJOR_NEEDED)
    .sort((a, b) => a.major - b.major)[0]?.node;
}

/** Why a test that needs an old Node.js is skipped. */
export const NO_OLD_NODE = `no Node from ${NODE_MAJOR_MIN} to ${NODE_MAJOR_NEEDED - 1} is on the PATH`;
