import { array, bulk, type Reply } from "../../resp/reply.ts";
import { matches, Options } from "../arguments.ts";
import { refuse, REFUSALS } from "../errors.ts";

/** The result of one call of a SCAN. */
interface Scanned {
  /** Where the next call continues; `0` once all were seen. */
  readonly cursor: string;
  readonly items: readonly string[];
  /** The requested kind of values. */
  readonly type: string | undefined;
}

const COUNT = 10;
const HASH_BASIS = 0x811c9dc5;
const HASH_PRIME = 0x01000193;

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = HASH_BASIS;
  for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), HASH_PRIME) >>> 0;
  return hash;
}

/** Checks the cursor. @throws CommandError */
function cursorOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : refuse("ERR invalid cursor");
}

/** The result for a missing key: the options are not checked. */
export function nothingScanned(args: readonly string[], place: number): Reply {
  cursorOf(args[place]);
  return array([bulk("0"), array([])]);
}

/**
 * The next names of a collection. They come in the order of their hashes, and the cursor is the hash at which to continue, so a name that exists
 * from the first call to the last is returned, whatever else comes and goes meanwhile.
 *
 * @param place the index of the cursor in `args`; options follow it
 */
export function scan(names: readonly string[], args: readonly string[], place: number): Scanned {
  const from = cursorOf(args[place]);
  const options = new Options(args, place + 1);
  let [pattern, count, type]: [string | undefined, number, string | undefined] = [undefined, COUNT, undefined];
  while (!options.isDone) {
    const name = options.name();
    if (name === "MATCH") pattern = options.word();
    else if (name === "COUNT") count = options.integer();
    else if (name === "TYPE" && place === 0) type = options.word().toLowerCase();
    else refuse(REFUSALS.syntax);
  }
  if (count < 1) refuse(REFUSALS.syntax);
  const left = names
    .map((name) => ({ name, hash: hashOf(name) + 1 }))
    .filter(({ hash }) => hash >= from)
    .sort((a, b) => a.hash - b.hash);
  // Names with the same hash are never separated: the cursor could not tell them apart.
  const seen = left.filter(({ hash }, index) => index < count || hash === left[count - 1]?.hash);
  const cursor = left[seen.length]?.hash ?? 0;
  const items = seen.map(({ name }) => name).filter((name) => pattern === undefined || matches(pattern, name));
  return { cursor: String(cursor), items, type };
}
