import { integer, type Reply } from "../../resp/reply.ts";
import { at, integerOf, Options, rangeOf } from "../arguments.ts";
import { type Call, command, type Command } from "../command.ts";
import { refuse, REFUSALS } from "../errors.ts";
import { STRING_BYTES_MAX } from "./strings.ts";

const OFFSET = "ERR bit offset is not an integer or out of range";
const BIT = "ERR bit is not an integer or out of range";

function offsetOf(text: string | undefined): number {
  const offset = integerOf(text, OFFSET);
  return offset < 0 || offset >> 3 >= STRING_BYTES_MAX || offset >= STRING_BYTES_MAX * 8 ? refuse(OFFSET) : offset;
}

const bitAt = (text: string, offset: number): number =>
  ((text.charCodeAt(Math.floor(offset / 8)) || 0) >> (7 - (offset % 8))) & 1;

function setBit({ args, db }: Call): Reply {
  const offset = offsetOf(args[1]);
  const bit = integerOf(args[2], BIT);
  if (bit !== 0 && bit !== 1) refuse(BIT);
  const value = db.open(at(args, 0), "string");
  const place = Math.floor(offset / 8);
  const text = value.text.padEnd(place + 1, "\0");
  const old = bitAt(text, offset);
  const byte = (text.charCodeAt(place) & ~(1 << (7 - (offset % 8)))) | (bit << (7 - (offset % 8)));
  value.text = text.slice(0, place) + String.fromCharCode(byte) + text.slice(place + 1);
  db.noteChange(at(args, 0));
  return integer(old);
}

/** The range of bits, end excluded, for a start, an end and a unit. */
function bitsOf(options: Options, bytes: number, isStrict: boolean): readonly [number, number] {
  if (options.isDone) return [0, bytes * 8];
  const start = options.integer();
  const stop = options.isDone ? -1 : options.integer();
  const unit = options.isDone ? "BYTE" : options.name();
  if (!options.isDone || (unit !== "BYTE" && unit !== "BIT")) refuse(REFUSALS.syntax);
  const size = unit === "BIT" ? 1 : 8;
  const units = (bytes * 8) / size;
  // An end before the beginning counts as the beginning, unless both count from the end and are in the wrong order.
  if (isStrict && start < 0 && stop < 0 && start > stop) return [0, 0];
  const [from, to] = rangeOf(start, Math.max(stop, -units), units);
  return [from * size, to * size];
}

function bitCount({ args, db }: Call): Reply {
  const text = db.read(at(args, 0), "string")?.text;
  if (text === undefined) return integer(0);
  if (args.length === 2) refuse(REFUSALS.syntax);
  const [from, to] = bitsOf(new Options(args, 1), text.length, true);
  let count = 0;
  for (let offset = from; offset < to; offset++) count += bitAt(text, offset);
  return integer(count);
}

function bitPosition({ args, db }: Call): Reply {
  const bit = integerOf(args[1]);
  if (bit !== 0 && bit !== 1) refuse("ERR The bit argument must be 1 or 0.");
  const text = db.read(at(args, 0), "string")?.text;
  if (text === undefined) return integer(bit === 1 ? -1 : 0);
  const hasEnd = args.length > 3;
  const [from, to] = bitsOf(new Options(args, 2), text.length, false);
  for (let offset = from; offset < to; offset++) if (bitAt(text, offset) === bit) return integer(offset);
  // A string counts as followed by zeros, unless its end was given.
  return integer(bit === 0 && !hasEnd && to > from ? text.length * 8 : -1);
}

const OPERATIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  AND: (a, b) => a & b,
  OR: (a, b) => a | b,
  XOR: (a, b) => a ^ b,
};

function bitOperation({ args, db }: Call): Reply {
  const [name, target] = [at(args, 0).toUpperCase(), at(args, 1)];
  const operation = OPERATIONS[name];
  if (operation === undefined && name !== "NOT") refuse(REFUSALS.syntax);
  if (name === "NOT" && args.length !== 3) refuse("ERR BITOP NOT must be called with a single source key.");
  const texts = args.slice(2).map((key) => db.read(key, "string")?.text ?? "");
  const length = Math.max(...texts.map((text) => text.length));
  const bytesAt = (place: number): readonly number[] => texts.map((text) => text.charCodeAt(place) || 0);
  const bytes = Array.from({ length }, (_, place) =>
    operation === undefined ? ~(bytesAt(place)[0] ?? 0) & 0xff : bytesAt(place).reduce(operation),
  );
  if (length === 0) db.remove(target);
  else db.put(target, { type: "string", text: String.fromCharCode(...bytes) });
  return integer(length);
}

/** Bits of strings. */
export const BITS_COMMANDS: readonly Command[] = [
  command("setbit 4 write denyoom 1:1:1", setBit),
  command("getbit 3 readonly fast 1:1:1", ({ args, db }) => {
    const offset = offsetOf(args[1]);
    return integer(bitAt(db.read(at(args, 0), "string")?.text ?? "", offset));
  }),
  command("bitcount -2 readonly 1:1:1", bitCount),
  command("bitpos -3 readonly 1:1:1", bitPosition),
  command("bitop -4 write denyoom 2:-1:1", bitOperation),
];
