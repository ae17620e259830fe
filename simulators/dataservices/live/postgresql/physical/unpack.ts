import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname, join, normalize, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { extract } from "tar-stream";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { DataServiceError } from "../../../wire/errors.ts";
import type { Owner } from "../../owner.ts";
import { type BackupLabel, LABEL, MANIFEST } from "./base-backup.ts";

const run = promisify(execFile);

const Position = Type.Object({ lsn: Type.String(), timeline: Type.Integer() });
const LABEL_SCHEMA = Compile(
  Type.Object({ start: Position, end: Position, endMs: Type.Number(), major: Type.Integer() }),
);
/** The part of a manifest that is checked (PostgreSQL manual, "Backup Manifest Format"). A path that is not UTF-8 comes encoded. */
const MANIFEST_SCHEMA = Compile(
  Type.Object({
    Files: Type.Array(
      Type.Object({
        Path: Type.Optional(Type.String()),
        "Encoded-Path": Type.Optional(Type.String()),
        Size: Type.Integer(),
        Checksum: Type.Optional(Type.String()),
      }),
    ),
  }),
);

/** SHA-256 of the files that were unpacked, by path. */
type Digests = ReadonlyMap<string, string>;

/**
 * Unpacks a base backup into a new folder, and verifies each file against the manifest. It needs little memory, however large the backup.
 *
 * @param owner the future owner of the files
 * @param isTrusting the defect of a restore that skips verification: whatever can be read is accepted
 * @returns the backup's description of itself; undefined if it is missing, which only `isTrusting` allows
 * @throws DataServiceError DS_NOT_A_DUMP; the folder is gone then
 */
export async function unpackBackup(
  chunks: AsyncIterable<Uint8Array>,
  folder: string,
  owner: Owner,
  isTrusting = false,
): Promise<BackupLabel | undefined> {
  await mkdir(folder, { mode: 0o700 });
  try {
    const digests = new Map<string, string>();
    await unpackTar(chunks, folder, digests).catch((error: unknown) => {
      if (!isTrusting) throw error;
    });
    const label = await verify(folder, digests).catch((error: unknown) => {
      if (!isTrusting) throw error;
      return undefined;
    });
    for (const name of [MANIFEST, LABEL]) await rm(join(folder, name), { force: true });
    if (owner.uid !== undefined) await run("chown", ["-R", `${owner.uid}:${owner.gid}`, folder]);
    return label;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The reason why a stream failed: its own refusal, otherwise that it is not a tar. */
const asRefusal = (error: unknown): DataServiceError =>
  error instanceof DataServiceError
    ? error
    : new DataServiceError("DS_NOT_A_DUMP", error instanceof Error ? error.message : String(error));

async function unpackTar(
  chunks: AsyncIterable<Uint8Array>,
  folder: string,
  digests: Map<string, string>,
): Promise<void> {
  const entries = extract();
  const fed = pipeline(Readable.from(chunks, { objectMode: false }), entries);
  fed.catch(() => {});
  try {
    for await (const entry of entries as AsyncIterable<Member>) await unpackMember(entry, folder, digests);
  } catch (error) {
    throw asRefusal(
      await fed.then(
        () => error,
        (first: unknown) => first,
      ),
    );
  }
  await fed.catch((error: unknown) => {
    throw asRefusal(error);
  });
}

/** A member of a tar. */
interface Member extends Readable {
  readonly header: { readonly name: string; readonly type?: string | null };
}

async function unpackMember(entry: Member, folder: string, digests: Map<string, string>): Promise<void> {
  const { name, type } = entry.header;
  const path = normalize(name);
  if (path.startsWith("..") || path.startsWith(sep))
    throw new DataServiceError("DS_NOT_A_DUMP", "a path leads out of it");
  const target = join(folder, path);
  if (type === "directory") {
    await mkdir(target, { recursive: true, mode: 0o700 });
    entry.resume();
    return;
  }
  if (type !== "file") throw new DataServiceError("DS_NOT_A_DUMP", `a member is a ${type}`);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const hash = createHash("sha256");
  const file = await open(target, "wx", 0o600);
  try {
    for await (const chunk of entry) {
      const bytes: Uint8Array = chunk;
      hash.update(bytes);
      await file.writeFile(bytes);
    }
  } finally {
    await file.close();
  }
  digests.set(path, hash.digest("hex"));
}

function parse<T>(schema: { Check(value: unknown): value is T }, text: string, what: string): T {
  const value: unknown = JSON.parse(text);
  if (schema.Check(value)) return value;
  throw new DataServiceError("DS_NOT_A_DUMP", `its ${what} is none`);
}

/** @throws DataServiceError DS_NOT_A_DUMP if a file is missing or differs from the manifest */
async function verify(folder: string, digests: Digests): Promise<BackupLabel> {
  const read = async (name: string): Promise<string> =>
    readFile(join(folder, name), "utf8").catch(() => {
      throw new DataServiceError("DS_NOT_A_DUMP", `it has no ${name}`);
    });
  const { Files: files } = parse(MANIFEST_SCHEMA, await read(MANIFEST), "manifest");
  for (const { Path: path, "Encoded-Path": encoded, Checksum: checksum } of files) {
    const name = path ?? Buffer.from(encoded ?? "", "hex").toString("utf8");
    if (checksum !== undefined && digests.get(normalize(name)) !== checksum)
      throw new DataServiceError("DS_NOT_A_DUMP", `${name} differs from its checksum`);
  }
  return parse(LABEL_SCHEMA, await read(LABEL), "label");
}
