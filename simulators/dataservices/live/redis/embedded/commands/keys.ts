import { array, bulk, bulks, error, integer, NIL, OK, type Reply, simple } from "../../resp/reply.ts";
import { at, integerOf, matches, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import { copyOf, type Value } from "../values.ts";
import { scan } from "./scan.ts";

const YES = integer(1);
const NO = integer(0);

function remove({ args, db }: Call): Reply {
  return integer(args.filter((key) => db.remove(key)).length);
}

const exists = ({ args, db }: Call): Reply => integer(args.filter((key) => db.get(key) !== undefined).length);

function rename({ args, db }: Call, isCareful: boolean): Reply {
  const [from, to] = [at(args, 0), at(args, 1)];
  const value = db.get(from) ?? refuse(REFUSALS.noKey);
  if (isCareful && db.get(to) !== undefined) return NO;
  const expiresMs = db.expiryOf(from);
  db.remove(from);
  db.put(to, value, expiresMs);
  return isCareful ? YES : OK;
}

function copy({ args, db, keyspace }: Call): Reply {
  const [from, to] = [at(args, 0), at(args, 1)];
  const options = new Options(args, 2);
  let [target, isReplacing] = [db, false];
  while (!options.isDone) {
    const name = options.name();
    if (name === "REPLACE") isReplacing = true;
    else if (name === "DB") target = keyspace.database(options.integer());
    else refuse(REFUSALS.syntax);
  }
  if (target === db && from === to) refuse("ERR source and destination objects are the same");
  const value = db.get(from);
  if (value === undefined || (target.get(to) !== undefined && !isReplacing)) return NO;
  target.put(to, copyOf(value), db.expiryOf(from));
  return YES;
}

function move({ args, db, keyspace }: Call): Reply {
  const key = at(args, 0);
  const target = keyspace.database(integerOf(args[1]));
  if (target === db) refuse("ERR source and destination objects are the same");
  const value = db.get(key);
  if (value === undefined || target.get(key) !== undefined) return NO;
  target.put(key, value, db.expiryOf(key));
  db.remove(key);
  return YES;
}

const ENCODING_BYTES_MAX = 44;
const LISTPACK_ENTRIES_MAX = 128;
const LISTPACK_BYTES_MAX = 64;

/** The encoding of the real server, by its default limits. */
function encodingOf(value: Value): string {
  const isSmall = (texts: Iterable<string>, count: number): boolean =>
    count <= LISTPACK_ENTRIES_MAX && [...texts].every((text) => text.length <= LISTPACK_BYTES_MAX);
  switch (value.type) {
    case "string":
      if (/^(0|-?[1-9]\d{0,17})$/.test(value.text)) return "int";
      return value.text.length <= ENCODING_BYTES_MAX ? "embstr" : "raw";
    case "list":
      return "quicklist";
    case "stream":
      return "stream";
    case "hash":
      return isSmall([...value.fields].flat(), value.fields.size) ? "listpack" : "hashtable";
    case "set":
      return [...value.members].every((member) => /^(0|-?[1-9]\d{0,17})$/.test(member)) && value.members.size <= 512
        ? "intset"
        : "hashtable";
    case "zset":
      return isSmall(value.scores.keys(), value.scores.size) ? "listpack" : "skiplist";
  }
}

function object({ args, db }: Call): Reply {
  const what = at(args, 0).toUpperCase();
  const value = db.get(at(args, 1));
  if (value === undefined) return NIL;
  if (what === "ENCODING") return bulk(encodingOf(value));
  if (what === "REFCOUNT") return YES;
  if (what === "IDLETIME") return NO;
  return error(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
  );
}

function scanKeys({ args, db }: Call): Reply {
  const { cursor, items, type } = scan(db.keys(), args, 0);
  const wanted = type === undefined ? items : items.filter((key) => typeOf(db.get(key)) === type);
  return array([bulk(cursor), bulks(wanted)]);
}

const typeOf = (value: Value | undefined): string => value?.type ?? "none";

function randomKey({ db, random }: Call): Reply {
  const keys = db.keys();
  return bulk(keys[Math.floor(random() * keys.length)]);
}

/** Commands on keys of any kind. */
export const KEYS_COMMANDS: readonly Command[] = [
  command("del -2 write 1:-1:1", remove),
  command("unlink -2 write fast 1:-1:1", remove),
  command("exists -2 readonly fast 1:-1:1", exists),
  command("touch -2 readonly fast 1:-1:1", exists),
  command("type 2 readonly fast 1:1:1", ({ args, db }) => simple(typeOf(db.get(at(args, 0))))),
  command("rename 3 write 1:2:1", (call) => rename(call, false)),
  command("renamenx 3 write fast 1:2:1", (call) => rename(call, true)),
  command("copy -3 write denyoom 1:2:1", copy),
  command("move 3 write fast 1:1:1", move),
  command("keys 2 readonly dangerous 0:0:0", ({ args, db }) =>
    bulks(db.keys().filter((key) => matches(at(args, 0), key))),
  ),
  command("randomkey 1 readonly 0:0:0", randomKey),
  command("scan -2 readonly 0:0:0", scanKeys),
  command("object -2 readonly 2:2:1", object, { encoding: 3, refcount: 3, idletime: 3, freq: 3 }),
  command("dbsize 1 readonly fast 0:0:0", ({ db }) => integer(db.size)),
];
