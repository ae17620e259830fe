import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { isObject, parseJson } from "../../../simulators/kernel/index.ts";
import { KeptCloudError } from "./errors.ts";

const Served = Type.Object({ replicates: Type.Boolean() });

/** The record from which, with its inputs, a cloud is restored. */
const CloudRecord = Type.Object({
  /** The format version of the files in the folder. */
  format: Type.Literal(1),
  /** The release of drydock that made it: a different one may answer the same inputs differently. */
  version: Type.String(),
  block: Type.String(),
  seed: Type.Integer(),
  /** The key from which secrets are drawn; undefined if they follow from the seed. */
  secretKey: Type.Optional(Type.String()),
  controlToken: Type.String(),
  /** From which the passwords derive that only the simulator knows. */
  diskSecret: Type.String(),
  /** When the world began, ms since the Unix epoch. */
  startMs: Type.Integer(),
  /** The options that shape it, as JSON. */
  options: Type.Record(Type.String(), Type.Unknown()),
  /** The kinds of data services with real servers. */
  served: Type.Partial(Type.Object({ postgresql: Served, redis: Served, mongodb: Served })),
  /** Whether it was ever up. If not, nothing was promised to anybody, and it begins afresh. */
  isReady: Type.Boolean(),
});
const cloudRecord = Compile(CloudRecord);

/** The contents of `cloud.json`. */
export type CloudRecord = Readonly<Static<typeof CloudRecord>>;

/** The file with a cloud's record. */
export const RECORD_FILE = "cloud.json";
/** The folder of saved clouds. */
export const SNAPSHOTS = "snapshots";
const OWNER_ONLY = 0o600;
/** The names in a folder. */
const OWN = /^(cloud\.json(\.draft)?|keys\.json(\.\d+)?|inputs|store-[a-z]+|live|snapshots)$/;
/** Servers may run as another user, who passes through to disks of its own; every file here is closed to it. */
const FOLDER_MODE = 0o711;
const OTHERS_MAY_WRITE = 0o022;
/** A socket's path has at most 107 bytes; the rest of it is `live/data-…/.s.PGSQL.5432`. */
const PATH_BYTES_MAX = 70;

/** A folder that holds a cloud: what it was made from, its inputs, the stores of its brokers and the disks of its data services. */
export class DataFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Opens a folder, which is created if missing. @throws KeptCloudError DATA_PATH, DATA_OPEN, DATA_NOT_A_CLOUD */
  static open(given: string): DataFolder {
    const path = resolve(given);
    if (Buffer.byteLength(path) > PATH_BYTES_MAX)
      throw new KeptCloudError("DATA_PATH", `${path} has more than ${PATH_BYTES_MAX} bytes`);
    mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
    const { mode, uid } = lstatSync(path);
    const isOwn = process.getuid === undefined || uid === process.getuid();
    if (!isOwn || (mode & OTHERS_MAY_WRITE) !== 0) throw new KeptCloudError("DATA_OPEN", path);
    const folder = new DataFolder(path);
    if (readdirSync(path).some((name) => !OWN.test(name))) throw new KeptCloudError("DATA_NOT_A_CLOUD", path);
    chmodSync(path, FOLDER_MODE);
    return folder;
  }

  /** The path of a file in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** The cloud's record; undefined if there is none yet. @throws KeptCloudError DATA_DAMAGED, DATA_VERSION */
  read(): CloudRecord | undefined {
    if (!existsSync(this.at(RECORD_FILE))) return undefined;
    const read = parseJson(readFileSync(this.at(RECORD_FILE), "utf8"));
    if (isObject(read) && "format" in read && read.format !== 1)
      throw new KeptCloudError("DATA_VERSION", `${this.path} has the form ${String(read.format)}`);
    if (!cloudRecord.Check(read)) throw new KeptCloudError("DATA_DAMAGED", this.at(RECORD_FILE));
    return read.isReady ? read : undefined;
  }

  /** Renamed into place, so that nobody sees half of it. */
  write(record: CloudRecord): void {
    const draft = this.at(`${RECORD_FILE}.draft`);
    rmSync(draft, { force: true });
    writeFileSync(draft, JSON.stringify(record, undefined, 2), { mode: OWNER_ONLY, flag: "wx" });
    renameSync(draft, this.at(RECORD_FILE));
  }

  /** The block of the cloud, even if nothing else of its record can be read; undefined if there is none. */
  blockNow(): string | undefined {
    const read = existsSync(this.at(RECORD_FILE)) ? parseJson(readFileSync(this.at(RECORD_FILE), "utf8")) : undefined;
    return isObject(read) && typeof read.block === "string" ? read.block : undefined;
  }

  /** The names of what belongs to the cloud itself. */
  list(): readonly string[] {
    return readdirSync(this.path).filter((name) => name !== SNAPSHOTS);
  }

  /** Removes the cloud; its snapshots stay. */
  clear(): void {
    // The record is removed first: without it the rest is meaningless.
    rmSync(this.at(RECORD_FILE), { force: true });
    for (const name of this.list()) rmSync(this.at(name), { recursive: true, force: true });
  }
}
