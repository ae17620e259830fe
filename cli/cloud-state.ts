import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Cloud } from "../scenarios/cloud/cloud.ts";
import { UserError } from "./errors.ts";

/** A cloud that `drydock up` keeps, as other commands of the same user find it. */
export interface KnownCloud {
  readonly pid: number;
  /** ms since the Unix epoch. */
  readonly sinceMs: number;
  readonly block: string;
  /** Where whoever owns the block listens. */
  readonly lock: { readonly host: string; readonly port: number };
  readonly description: Cloud["description"];
  readonly environment: Cloud["environment"];
}

const OTHERS_MAY = 0o077;
const CONNECT_MS_MAX = 1000;
const NAME = /^cloud-[\d.]+\.json$/;

/** The folder of this user's clouds: readable by nobody else, for it holds credentials. @throws UserError CLI_STATE_FOLDER */
function folder(): string {
  const { uid, username } = userInfo();
  const path = join(process.env["XDG_RUNTIME_DIR"] || tmpdir(), `drydock-${uid < 0 ? username : uid}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // Not through a link: in a folder that all share, somebody else may have put one there.
  const found = lstatSync(path);
  const isOwn = uid < 0 || (found.uid === uid && (found.mode & OTHERS_MAY) === 0);
  if (!found.isDirectory() || !isOwn) throw new UserError("CLI_STATE_FOLDER", path);
  return path;
}

/** @throws UserError CLI_STATE_FOLDER */
export const keysFile = (): string => join(folder(), "keys.json");

const fileOf = (block: string): string => join(folder(), `cloud-${block}.json`);

/** Lets other commands find a cloud; what is answered makes them forget it. */
export function remember(cloud: Pick<Cloud, "description" | "environment" | "lock">): () => void {
  const { description, environment, lock } = cloud;
  const { block } = description;
  const known: KnownCloud = { pid: process.pid, sinceMs: Date.now(), block, lock, description, environment };
  const path = fileOf(block);
  // Renamed into place, so that nobody reads half of it.
  const draft = `${path}.${process.pid}`;
  // Made anew, for the mode of a file that is there stays what it was.
  rmSync(draft, { force: true });
  writeFileSync(draft, JSON.stringify(known), { mode: 0o600, flag: "wx" });
  renameSync(draft, path);
  return () => rmSync(path, { force: true });
}

/** The clouds of this user that are up, the newest first. What a process that was killed left behind is removed. */
export async function cloudsUp(): Promise<readonly KnownCloud[]> {
  const up: KnownCloud[] = [];
  for (const name of readdirSync(folder()).filter((each) => NAME.test(each))) {
    const path = join(folder(), name);
    const known = JSON.parse(readFileSync(path, "utf8")) as KnownCloud;
    if (isAlive(known.pid) && (await isListening(known.lock))) up.push(known);
    else rmSync(path, { force: true });
  }
  return up.sort((a, b) => b.sinceMs - a.sinceMs);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A pid may have passed to a stranger; the port of a cloud that is up answers. */
function isListening({ host, port }: KnownCloud["lock"]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS_MAX });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
