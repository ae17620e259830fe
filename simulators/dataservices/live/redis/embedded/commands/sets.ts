import { array, bulk, bulks, integer, type Reply, setOf } from "../../resp/reply.ts";
import { at, integerOf, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import { draw } from "./draw.ts";
import { nothingScanned, scan } from "./scan.ts";

const NONE: ReadonlySet<string> = new Set();

const membersOf = (db: Database, key: string): ReadonlySet<string> => db.read(key, "set")?.members ?? NONE;

function add({ args, db }: Call): Reply {
  const key = at(args, 0);
  const { members } = db.open(key, "set");
  const before = members.size;
  for (const member of args.slice(1)) members.add(member);
  db.noteChange(key);
  return integer(members.size - before);
}

function remove({ args, db }: Call): Reply {
  const key = at(args, 0);
  const members = db.read(key, "set")?.members;
  const gone = args.slice(1).filter((member) => members?.delete(member)).length;
  if (gone > 0) db.noteChange(key);
  return integer(gone);
}

function pop({ args, db, random }: Call): Reply {
  const key = at(args, 0);
  if (args.length > 2) refuse(REFUSALS.syntax);
  const count = args[1] === undefined ? 1 : integerOf(args[1], REFUSALS.positive);
  if (count < 0) refuse(REFUSALS.positive);
  const members = db.read(key, "set")?.members;
  const gone = draw([...(members ?? [])], count, random);
  for (const member of gone) members?.delete(member);
  if (gone.length > 0) db.noteChange(key);
  return args[1] === undefined ? bulk(gone[0]) : setOf(gone);
}

function randomMember({ args, db, random }: Call): Reply {
  const members = [...membersOf(db, at(args, 0))];
  if (args.length > 2) refuse(REFUSALS.syntax);
  if (args[1] === undefined) return bulk(draw(members, 1, random)[0]);
  return bulks(draw(members, integerOf(args[1]), random));
}

function move({ args, db }: Call): Reply {
  const [from, to, member] = [at(args, 0), at(args, 1), at(args, 2)];
  const source = db.read(from, "set");
  if (source === undefined) return integer(0);
  db.read(to, "set");
  if (!source.members.has(member)) return integer(0);
  if (from === to) return integer(1);
  source.members.delete(member);
  db.noteChange(from);
  db.open(to, "set").members.add(member);
  db.noteChange(to);
  return integer(1);
}

type Combination = (sets: readonly ReadonlySet<string>[]) => readonly string[];

const inter: Combination = ([first = NONE, ...others]) =>
  [...first].filter((member) => others.every((set) => set.has(member)));
const union: Combination = (sets) => [...new Set(sets.flatMap((set) => [...set]))];
const difference: Combination = ([first = NONE, ...others]) =>
  [...first].filter((member) => !others.some((set) => set.has(member)));

const combine = ({ args, db }: Call, by: Combination): Reply => setOf(by(args.map((key) => membersOf(db, key))));

function combineAndStore({ args, db }: Call, by: Combination): Reply {
  const [target = "", ...keys] = args;
  const members = by(keys.map((key) => membersOf(db, key)));
  if (members.length === 0) db.remove(target);
  else db.put(target, { type: "set", members: new Set(members) });
  return integer(members.length);
}

function interCount({ args, db }: Call): Reply {
  const count = integerOf(args[0], "ERR numkeys should be greater than 0");
  if (count <= 0) refuse("ERR numkeys should be greater than 0");
  if (count > args.length - 1) refuse("ERR Number of keys can't be greater than number of args");
  const options = new Options(args, 1);
  const keys = options.take(count);
  let limit = 0;
  while (!options.isDone) {
    if (options.name() !== "LIMIT" || options.isDone) refuse(REFUSALS.syntax);
    limit = options.integer("ERR LIMIT can't be negative");
    if (limit < 0) refuse("ERR LIMIT can't be negative");
  }
  const { length } = inter(keys.map((key) => membersOf(db, key)));
  return integer(limit === 0 ? length : Math.min(limit, length));
}

function scanMembers({ args, db }: Call): Reply {
  const members = [...membersOf(db, at(args, 0))];
  if (members.length === 0) return nothingScanned(args, 1);
  const { cursor, items } = scan(members, args, 1);
  return array([bulk(cursor), bulks(items)]);
}

const isMember = ({ args, db }: Call, member: string): Reply => integer(membersOf(db, at(args, 0)).has(member) ? 1 : 0);

/** Sets. */
export const SETS_COMMANDS: readonly Command[] = [
  command("sadd -3 write denyoom fast 1:1:1", add),
  command("srem -3 write fast 1:1:1", remove),
  command("smembers 2 readonly 1:1:1", ({ args, db }) => setOf([...membersOf(db, at(args, 0))])),
  command("sismember 3 readonly fast 1:1:1", (call) => isMember(call, at(call.args, 1))),
  command("smismember -3 readonly fast 1:1:1", (call) =>
    array(call.args.slice(1).map((member) => isMember(call, member))),
  ),
  command("scard 2 readonly fast 1:1:1", ({ args, db }) => integer(membersOf(db, at(args, 0)).size)),
  command("spop -2 write fast 1:1:1", pop),
  command("srandmember -2 readonly 1:1:1", randomMember),
  command("smove 4 write fast 1:2:1", move),
  command("sinter -2 readonly 1:-1:1", (call) => combine(call, inter)),
  command("sunion -2 readonly 1:-1:1", (call) => combine(call, union)),
  command("sdiff -2 readonly 1:-1:1", (call) => combine(call, difference)),
  command("sinterstore -3 write denyoom 1:-1:1", (call) => combineAndStore(call, inter)),
  command("sunionstore -3 write denyoom 1:-1:1", (call) => combineAndStore(call, union)),
  command("sdiffstore -3 write denyoom 1:-1:1", (call) => combineAndStore(call, difference)),
  command("sintercard -3 readonly 0:0:0", interCount),
  command("sscan -3 readonly 1:1:1", scanMembers),
];
