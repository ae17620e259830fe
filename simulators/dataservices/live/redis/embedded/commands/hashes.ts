import { array, bulk, bulks, integer, mapOf, OK, type Reply } from "../../resp/reply.ts";
import { at, bigOf, floatOf, integerOf, isInt64, pairsOf } from "../arguments.ts";
import { type Call, command, type Command, wrongArity } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import { draw } from "./draw.ts";
import { nothingScanned, scan } from "./scan.ts";
import { sumOf } from "./strings.ts";

const NONE: ReadonlyMap<string, string> = new Map();

const fieldsAt = ({ args, db }: Call): ReadonlyMap<string, string> => db.read(at(args, 0), "hash")?.fields ?? NONE;

function set({ args, db }: Call, name: string): Reply {
  const key = at(args, 0);
  const pairs = pairsOf(args.slice(1), wrongArity(name));
  const { fields } = db.open(key, "hash");
  const added = new Set(pairs.map(([field]) => field).filter((field) => !fields.has(field))).size;
  for (const [field, text] of pairs) fields.set(field, text);
  db.noteChange(key);
  return name === "hset" ? integer(added) : OK;
}

function setIfNew({ args, db }: Call): Reply {
  const { fields } = db.open(at(args, 0), "hash");
  const isNew = !fields.has(at(args, 1));
  if (isNew) fields.set(at(args, 1), at(args, 2));
  db.noteChange(at(args, 0));
  return integer(isNew ? 1 : 0);
}

function remove({ args, db }: Call): Reply {
  const key = at(args, 0);
  const fields = db.read(key, "hash")?.fields;
  const gone = args.slice(1).filter((field) => fields?.delete(field)).length;
  if (gone > 0) db.noteChange(key);
  return integer(gone);
}

function increment({ args, db }: Call): Reply {
  const [key, field, by] = [at(args, 0), at(args, 1), bigOf(args[2])];
  const there = db.read(key, "hash")?.fields.get(field);
  const value = bigOf(there ?? "0", "ERR hash value is not an integer") + by;
  if (!isInt64(value)) refuse(REFUSALS.overflow);
  db.open(key, "hash").fields.set(field, String(value));
  db.noteChange(key);
  return integer(value);
}

function incrementByFloat({ args, db }: Call): Reply {
  const [key, field] = [at(args, 0), at(args, 1)];
  if (!Number.isFinite(floatOf(args[2]))) refuse("ERR value is NaN or Infinity");
  const there = db.read(key, "hash")?.fields.get(field) ?? "0";
  floatOf(there, "ERR hash value is not a float");
  const text = sumOf(there, at(args, 2));
  db.open(key, "hash").fields.set(field, text);
  db.noteChange(key);
  return bulk(text);
}

function randomField(call: Call): Reply {
  const { args, random } = call;
  const fields = fieldsAt(call);
  if (args[1] === undefined) return bulk(draw([...fields.keys()], 1, random)[0]);
  const count = integerOf(args[1]);
  if (args.length > 3 || (args[2] !== undefined && args[2].toUpperCase() !== "WITHVALUES")) refuse(REFUSALS.syntax);
  const drawn = draw([...fields.keys()], count, random);
  if (args[2] === undefined) return bulks(drawn);
  return { type: "pairs", items: drawn.map((field) => [bulk(field), bulk(fields.get(field))]) };
}

function scanFields(call: Call): Reply {
  const fields = fieldsAt(call);
  if (fields.size === 0) return nothingScanned(call.args, 1);
  const { cursor, items } = scan([...fields.keys()], call.args, 1);
  return array([bulk(cursor), bulks(items.flatMap((field) => [field, fields.get(field) ?? ""]))]);
}

/** Hashes. */
export const HASHES_COMMANDS: readonly Command[] = [
  command("hset -4 write denyoom fast 1:1:1", (call) => set(call, "hset")),
  command("hmset -4 write denyoom fast 1:1:1", (call) => set(call, "hmset")),
  command("hsetnx 4 write denyoom fast 1:1:1", setIfNew),
  command("hget 3 readonly fast 1:1:1", (call) => bulk(fieldsAt(call).get(at(call.args, 1)))),
  command("hmget -3 readonly fast 1:1:1", (call) => {
    const fields = fieldsAt(call);
    return array(call.args.slice(1).map((field) => bulk(fields.get(field))));
  }),
  command("hgetall 2 readonly 1:1:1", (call) => mapOf([...fieldsAt(call)].map(([field, text]) => [field, bulk(text)]))),
  command("hdel -3 write fast 1:1:1", remove),
  command("hlen 2 readonly fast 1:1:1", (call) => integer(fieldsAt(call).size)),
  command("hexists 3 readonly fast 1:1:1", (call) => integer(fieldsAt(call).has(at(call.args, 1)) ? 1 : 0)),
  command("hkeys 2 readonly 1:1:1", (call) => bulks([...fieldsAt(call).keys()])),
  command("hvals 2 readonly 1:1:1", (call) => bulks([...fieldsAt(call).values()])),
  command("hstrlen 3 readonly fast 1:1:1", (call) => integer(fieldsAt(call).get(at(call.args, 1))?.length ?? 0)),
  command("hincrby 4 write denyoom fast 1:1:1", increment),
  command("hincrbyfloat 4 write denyoom fast 1:1:1", incrementByFloat),
  command("hrandfield -2 readonly 1:1:1", randomField),
  command("hscan -3 readonly 1:1:1", scanFields),
];
