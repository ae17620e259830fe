import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { UserError } from "./errors.ts";
import type { Cloud } from "../scenarios/cloud/cloud.ts";

const KnownCloud = Type.Object({
  name: Type.String(),
  pid: Type.Integer(),
  /** ms since the Unix epoch. */
  sinceMs: Type.Number(),
  block: Type.String(),
  /** Listens for as long as the block is owned. */
  lock: Type.Object({ host: Type.String(), port: Type.Integer() }),
  environment: Type.Record(Type.String(), Type.String()),
  /** The address of its live page, with the token. */
  liveUrl: Type.String(),
  /** Of a detached cloud: the file of its output, and the arguments with which it was started. */
  detached: Type.Optional(Type.Object({ logFile: Type.String(), args: Type.Array(Type.String()) })),
});

/** A running cloud, as other commands of the same user find it. */
export type KnownCloud = Readonly<Static<typeof KnownCloud>>;

const knownCloud = Compile(KnownCloud);

const OTHERS_MAY = 0o077;
const CONNECT_MS_MAX = 1000;
const NAME = /^cloud-[\d.]+\.json$/;

/** The folder of this user's clouds: readable by nobody else, for it holds credentials. @throws UserError CLI_STATE_FOLDER */
function stateFolder(): string {
  const { uid, username } = userInfo();
  const path = join(process.env["XDG_RUNTIME_DIR"] || tmpdir(), `drydock-${uid < 0 ? username : uid}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  // Not through a link: in a shared folder, another user may have planted one.
  const stats = lstatSync(path);
  const isOwn = uid < 0 || (stats.uid === uid && (stats.mode & OTHERS_MAY) === 0);
  if (!stats.isDirectory() || !isOwn) throw new UserError("CLI_STATE_FOLDER", path);
  return path;
}

/** The file that keeps keys for the next cloud. @throws UserError CLI_STATE_FOLDER */
export const keysFile = (): string => join(stateFolder(), "keys.json");

const fileOf = (block: string): string => join(stateFolder(), `cloud-${block}.json`);

/** The name of a cloud, and how it runs. */
type CloudEntry = Pick<KnownCloud, "name" | "liveUrl" | "detached">;

/** A file for the output of a cloud that will run on its own; nobody else can read it. @throws UserError CLI_STATE_FOLDER */
export const newLogFile = (): string => join(stateFolder(), `up-${randomUUID()}.log`);

/** Lets other commands find a cloud until the returned function is called. @throws UserError CLI_STATE_FOLDER */
export function publishCloud(
  cloud: Pick<Cloud, "description" | "environment" | "lock">,
  entry: CloudEntry,
): () => void {
  const { environment, lock } = cloud;
  const { block } = cloud.description;
  const known: KnownCloud = {
    ...entry,
    pid: process.pid,
    sinceMs: Date.now(),
    block,
    lock,
    environment: { ...environment },
  };
  const path = fileOf(block);
  // Renamed into place, so that nobody reads a half-written file.
  const draft = `${path}.${process.pid}`;
  // Created afresh, because an existing file would keep its mode.
  rmSync(draft, { force: true });
  writeFileSync(draft, JSON.stringify(known), { mode: 0o600, flag: "wx" });
  renameSync(draft, path);
  return () => forget(path, known);
}

function forget(path: string, { detached }: KnownCloud): void {
  rmSync(path, { force: true });
  if (detached !== undefined) rmSync(detached.logFile, { force: true });
}

/** The clouds of this user that are up, the newest first. Removes what killed processes left behind. @throws UserError CLI_STATE_FOLDER */
export async function findCloudsUp(): Promise<readonly KnownCloud[]> {
  const up: KnownCloud[] = [];
  for (const name of readdirSync(stateFolder()).filter((each) => NAME.test(each))) {
    const path = join(stateFolder(), name);
    const known: unknown = JSON.parse(readFileSync(path, "utf8"));
    // Another version of drydock may record clouds in another form.
    if (!knownCloud.Check(known)) continue;
    if (isAlive(known.pid) && (await isListening(known.lock))) up.push(known);
    else forget(path, known);
  }
  return up.sort((a, b) => b.sinceMs - a.sinceMs);
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a cloud is up. Its pid may belong to another process by now, but the port of a running cloud answers. */
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
