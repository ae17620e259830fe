import type { Datacenter } from "../behaviour/datacenter.ts";
import type { Authorizer } from "../state/acl-authorizer.ts";
import type { KvRow, KvWrite } from "../state/kv.ts";
import { BYTES, type Decoded, STRING, structOf, UINT64 } from "../wire/json/shape.ts";
import { Refusal } from "../wire/refusal.ts";
import { checkLockable } from "./kv.ts";

/** An operation on a key, as a transaction has it. */
export const KV_OPERATION = structOf("api.KVTxnOp", {
  Verb: STRING,
  Key: STRING,
  Value: BYTES,
  Flags: UINT64,
  Index: UINT64,
  Session: STRING,
  Namespace: STRING,
  Partition: STRING,
});

const READS = new Set(["get", "get-tree", "check-session", "check-index", "check-not-exists"]);
const WRITES = new Set(["set", "delete", "delete-cas", "delete-tree", "cas", "lock", "unlock"]);

/** An operation on a key. */
export interface KvOperation extends KvWrite {
  readonly kind: "KV";
  readonly verb: string;
}

/** An operation on a key; what is left out is empty. */
export const kvOperation = (fields: Decoded<typeof KV_OPERATION>): KvOperation => ({
  kind: "KV",
  verb: fields.Verb ?? "",
  key: fields.Key ?? "",
  value: fields.Value ?? new Uint8Array(),
  flags: fields.Flags ?? 0n,
  index: Number(fields.Index ?? 0n),
  session: fields.Session ?? "",
});

/** Whether an operation changes its key. */
export const isKvWrite = ({ verb }: KvOperation): boolean => WRITES.has(verb);

/** Why an operation is refused before anything is tried: a missing right, an empty key, a lock in its delay. */
export function kvObjection(
  datacenter: Datacenter,
  authorizer: Authorizer,
  { verb, key }: KvOperation,
  isToday: boolean,
): string | undefined {
  if (isToday && !READS.has(verb) && !WRITES.has(verb) && verb !== "get-or-empty")
    return `unknown KV operation: ${verb}`;
  if (key === "" && verb !== "delete-tree") return "Must provide key";
  if (WRITES.has(verb)) {
    const may = verb === "delete-tree" ? authorizer.writesUnder(key) : authorizer.writes("key", key);
    if (!may) return authorizer.denial("key", "write", key);
  }
  return verb === "lock" && datacenter.kv.isDelayed(key) ? `failed to lock key "${key}", due to lock delay` : undefined;
}

const refuse = (why: string): never => {
  throw new Refusal(why);
};
/** Results of writes leave the value out. */
const withoutValue = (row: KvRow | undefined): KvRow[] =>
  row === undefined ? [] : [{ ...row, value: new Uint8Array() }];

/** Performs an operation; returns the rows that its result shows. @throws Refusal if it fails */
export function performKv({ kv, sessions }: Datacenter, operation: KvOperation, index: number): readonly KvRow[] {
  const { verb, key, session } = operation;
  const row = kv.get(key);
  if (READS.has(verb) || verb === "get-or-empty") return readKv(kv.listUnder.bind(kv), row, operation);
  switch (verb) {
    case "set":
      kv.set(operation, index);
      return withoutValue(kv.get(key));
    case "cas":
      if (!kv.setIf(operation, index)) refuse(`failed to set key "${key}", index is stale`);
      return withoutValue(kv.get(key));
    case "lock":
      checkLockable(sessions, session);
      if (!kv.lock(operation, index)) refuse(`failed to lock key "${key}", lock is already held`);
      return withoutValue(kv.get(key));
    case "unlock":
      if (session === "") refuse("missing session");
      if (!kv.unlock(operation, index))
        refuse(`failed to unlock key "${key}", lock isn't held, or is held by another session`);
      return withoutValue(kv.get(key));
    case "delete":
      kv.delete(key, index);
      return [];
    case "delete-cas":
      if (!kv.deleteIf(key, operation.index, index)) refuse(`failed to delete key "${key}", index is stale`);
      return [];
    case "delete-tree":
      kv.deleteUnder(key, index);
      return [];
    default:
      return refuse(`unknown KV verb "${verb}"`);
  }
}

/** The value that stands for a missing key. */
const emptyRow = (key: string): KvRow => ({
  key,
  value: new Uint8Array(),
  flags: 0n,
  lockIndex: 0,
  session: "",
  createIndex: 0,
  modifyIndex: 0,
});

function readKv(
  under: (prefix: string) => readonly KvRow[],
  row: KvRow | undefined,
  { verb, key, index, session }: KvOperation,
): readonly KvRow[] {
  if (verb === "get-tree") return under(key);
  if (verb === "get-or-empty") return [row ?? emptyRow(key)];
  if (verb === "check-not-exists") return row === undefined ? [] : refuse(`key "${key}" exists`);
  if (row === undefined)
    return refuse(
      verb === "get" ? `key "${key}" doesn't exist` : `failed to check ${verb.slice(6)}, key "${key}" doesn't exist`,
    );
  if (verb === "check-index" && row.modifyIndex !== index)
    refuse(`failed index check for key "${key}", current modify index ${row.modifyIndex} != ${index}`);
  if (verb === "check-session" && row.session !== session)
    refuse(`failed session check for key "${key}", current session "${row.session}" != "${session}"`);
  return verb === "get" ? [row] : withoutValue(row);
}
