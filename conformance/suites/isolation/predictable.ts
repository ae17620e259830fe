import { createHash } from "node:crypto";

/** A secret, with the ids from which it could have been derived. */
export interface Sample {
  readonly secret: string;
  readonly ids: readonly string[];
}

/** An objection to secrets. If it is not sure, a person must look. */
interface Weakness {
  readonly text: string;
  readonly isSure: boolean;
}

/** The minimum number of bits in a secret; a little less is tolerated, because a sample has few letters. */
const BITS_MIN = 96;

const startOf = (secrets: readonly string[]): string => {
  const [first = "", ...others] = secrets;
  let length = first.length;
  while (length > 0 && others.some((each) => each.slice(0, length) !== first.slice(0, length))) length--;
  return first.slice(0, length);
};

/** The classes of characters in the changing part of secrets. */
function alphabetOf(texts: readonly string[]): number {
  const all = texts.join("");
  if (/^[0-9]*$/.test(all)) return 10;
  if (/^[0-9a-f]*$/.test(all) || /^[0-9A-F]*$/.test(all)) return 16;
  return (
    [/[a-z]/, /[A-Z]/, /[0-9]/].filter((each) => each.test(all)).length * 26 -
    (/[0-9]/.test(all) ? 16 : 0) +
    (/[^a-zA-Z0-9]/.test(all) ? 4 : 0)
  );
}

/** Texts that can be derived from ids: the ids and their hashes, each in the usual encodings. */
function derivedOf(ids: readonly string[]): readonly string[] {
  const [a = "", b = ""] = ids;
  const texts = [a, b, a + b, b + a, `${a}:${b}`, `${a}-${b}`, `${a}${b}`.replaceAll("-", "")];
  const bytes = texts.flatMap((text) => [
    Buffer.from(text),
    ...["md5", "sha1", "sha256", "sha512"].map((name) => createHash(name).update(text).digest()),
  ]);
  return [
    ...texts,
    ...bytes.flatMap((each) => [each.toString("hex"), each.toString("base64"), each.toString("base64url")]),
  ].filter((each) => each.length >= 8);
}

/** How many characters of an id, or of its hash, identify it as the source of a secret. */
const COMMON_CHARS = 12;

const isMadeOf = (part: string, derived: string): boolean =>
  derived.includes(part) ||
  (part.length >= COMMON_CHARS &&
    part.includes(derived.slice(0, Math.max(COMMON_CHARS, Math.min(derived.length, part.length)))));

/** Whether the changing parts are ascending numbers. */
function isSequence(parts: readonly string[]): boolean {
  const base = parts.every((each) => /^\d+$/.test(each)) ? 10 : 16;
  if (!parts.every((each) => (base === 10 ? /^\d{1,15}$/ : /^[0-9a-f]{1,12}$/i).test(each))) return false;
  const steps = parts.map((each) => Number.parseInt(each, base)).toSorted((x, y) => x - y);
  return steps.every((each, at) => at === 0 || each - (steps[at - 1] ?? each) <= 16);
}

/** The objection to successively issued secrets; undefined if there is none. */
export function describeWeakness(samples: readonly Sample[]): Weakness | undefined {
  const secrets = samples.map(({ secret }) => secret);
  const start = startOf(secrets);
  const parts = secrets.map((each) => each.slice(start.length));
  const own = new Set(secrets);
  if (own.size < secrets.length)
    return { text: `${secrets.length - own.size} of ${secrets.length} secrets were given out before`, isSure: true };
  if (isSequence(parts)) return { text: "ascending numbers", isSure: true };
  const made = samples.find(({ secret, ids }) =>
    derivedOf(ids).some((derived) => isMadeOf(secret.slice(start.length), derived) || isMadeOf(secret, derived)),
  );
  if (made !== undefined)
    return { text: "a secret that is derived from the ids of its instance or binding", isSure: true };
  const shortest = Math.min(...parts.map(({ length }) => length));
  const bits = Math.floor(shortest * Math.log2(alphabetOf(parts)));
  return bits < BITS_MIN
    ? { text: `${bits} bits at most in what changes of a secret: ${shortest} characters`, isSure: true }
    : undefined;
}
