import { bulks, integer, type Reply } from "../../resp/reply.ts";
import { at, floatOf, Options } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import type { Database } from "../keyspace.ts";
import { byText } from "../../../../../kernel/index.ts";
import { inOrder } from "./zset-order.ts";

interface Asked {
  by: string | undefined;
  isDescending: boolean;
  isByText: boolean;
  limit: readonly [number, number] | undefined;
  store: string | undefined;
  readonly gets: string[];
}

function read(args: readonly string[], mayStore: boolean): Asked {
  const asked: Asked = {
    by: undefined,
    isDescending: false,
    isByText: false,
    limit: undefined,
    store: undefined,
    gets: [],
  };
  const options = new Options(args, 1);
  while (!options.isDone) {
    const name = options.name();
    if (name === "BY") asked.by = options.word();
    else if (name === "LIMIT") asked.limit = [options.integer(), options.integer()];
    else if (name === "GET") asked.gets.push(options.word());
    else if (name === "ASC" || name === "DESC") asked.isDescending = name === "DESC";
    else if (name === "ALPHA") asked.isByText = true;
    else if (name === "STORE" && mayStore) asked.store = options.word();
    else refuse(REFUSALS.syntax);
  }
  return asked;
}

function elementsOf(db: Database, key: string): readonly string[] {
  const value = db.get(key);
  if (value === undefined) return [];
  if (value.type === "list") return value.items;
  if (value.type === "set") return [...value.members];
  return value.type === "zset" ? inOrder(value.scores).map(([member]) => member) : refuse(REFUSALS.wrongType);
}

/**
 * The value of a pattern for an element: the element itself, the value of a key, or a field of a hash
 * (`key*->field`).
 */
function lookUp(db: Database, pattern: string, element: string): string | null {
  if (pattern === "#") return element;
  if (!pattern.includes("*")) return null;
  const arrow = pattern.indexOf("->", pattern.indexOf("*"));
  const hasField = arrow > 0 && arrow + 2 < pattern.length;
  const value = db.get((hasField ? pattern.slice(0, arrow) : pattern).replace("*", () => element));
  if (hasField) return value?.type === "hash" ? (value.fields.get(pattern.slice(arrow + 2)) ?? null) : null;
  return value?.type === "string" ? value.text : null;
}

const NOT_NUMBERS = "ERR One or more scores can't be converted into double";

function sortedElements(db: Database, key: string, { by, isByText, isDescending }: Asked): readonly string[] {
  const elements = elementsOf(db, key);
  const isUnsorted = by !== undefined && !by.includes("*");
  if (isUnsorted) return isDescending && db.get(key)?.type === "zset" ? elements.toReversed() : elements;
  const weighOf = (element: string): string => (by === undefined ? element : (lookUp(db, by, element) ?? ""));
  const weighed = elements.map((element) => {
    const text = weighOf(element);
    return { element, text, score: isByText ? 0 : text === "" ? 0 : floatOf(text, NOT_NUMBERS) };
  });
  // Equal numbers are ordered by their elements; so are texts that are the elements themselves.
  weighed.sort((a, b) => (isByText ? byText(a.text, b.text) : a.score - b.score || byText(a.element, b.element)));
  const inTurn = weighed.map(({ element }) => element);
  return isDescending ? inTurn.reverse() : inTurn;
}

function sort({ args, db }: Call, mayStore: boolean): Reply {
  const asked = read(args, mayStore);
  const all = sortedElements(db, at(args, 0), asked);
  const [offset, count] = asked.limit ?? [0, -1];
  const wanted = all.slice(Math.max(0, offset), count < 0 ? undefined : Math.max(0, offset) + count);
  const results =
    asked.gets.length === 0 ? wanted : wanted.flatMap((each) => asked.gets.map((get) => lookUp(db, get, each)));
  if (asked.store === undefined) return bulks(results);
  if (results.length === 0) db.remove(asked.store);
  else db.put(asked.store, { type: "list", items: results.map((text) => text ?? "") });
  return integer(results.length);
}

/** SORT counts as dangerous: it may look up any key. */
export const SORT_COMMANDS: readonly Command[] = [
  command("sort -2 write denyoom dangerous 1:1:1", (call) => sort(call, true)),
  command("sort_ro -2 readonly dangerous 1:1:1", (call) => sort(call, false)),
];
