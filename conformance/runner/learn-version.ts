import { type Json, isArray, isObject } from "../client/http/json.ts";
import type { Answer } from "../client/answer.ts";
import type { Check, Outcome } from "./check.ts";
import type { SpecMinor } from "../client/spec-version.ts";

/** Catalog members by the version that brought them: a broker that sends one knows that version. */
const BROUGHT_BY: readonly (readonly [SpecMinor, readonly string[]])[] = [
  [17, ["binding_rotatable"]],
  [15, ["maintenance_info", "maximum_polling_duration", "allow_context_updates"]],
  [14, ["instances_retrievable", "bindings_retrievable"]],
  [13, ["schemas"]],
];

/** The header that brokers return since 2.15, in lower case. */
const REQUEST_IDENTITY = "x-broker-api-request-identity";

/** What a catalog shows of the version that its broker was written for. */
interface Shown {
  readonly minor: SpecMinor;
  /** To complete "it shows …". */
  readonly words: string;
}

function namesIn(value: Json | undefined, depth = 0): string[] {
  if (isArray(value)) return value.flatMap((item) => namesIn(item, depth + 1));
  if (!isObject(value) || depth > 6) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    name === "metadata" ? [] : [name, ...(name === "services" || name === "plans" ? namesIn(item, depth + 1) : [])],
  );
}

function newestMember(catalog: Answer): Shown | undefined {
  const names = new Set(namesIn(catalog.json));
  for (const [minor, members] of BROUGHT_BY) {
    const member = members.find((each) => names.has(each));
    if (member !== undefined) return { minor, words: `the catalog's ${member}` };
  }
  return undefined;
}

/**
 * The newest version of which the answer with the catalog shows something: a member of the catalog, or the request identity sent
 * back. Nothing that a broker does wrong counts, nor what it leaves out: most of each version is optional.
 */
function shownBy(catalog: Answer): Shown {
  const member = newestMember(catalog);
  const echoes = catalog.headers[REQUEST_IDENTITY] !== undefined;
  if (echoes && (member === undefined || member.minor < 15))
    return { minor: 15, words: "the request identity sent back" };
  return member ?? { minor: 12, words: "nothing newer" };
}

/** The version that a run without a chosen one judges by. */
interface LearntVersion {
  /** The newest version of which the broker shows that it was written for it; at most the one that the run judges by. */
  readonly evident: SpecMinor;
  /** Which version, and why, in a sentence or two. */
  readonly reason: string;
}

/**
 * What is known of a broker's version where nobody has named one. `taken` is the newest version that it does not refuse with 412:
 * by that one it is judged. It is never guessed from what the broker does.
 */
export function learnVersion(taken: SpecMinor, catalog: Answer, isNewerRefused: boolean): LearntVersion {
  if (isNewerRefused)
    return { evident: taken, reason: `Judged as 2.${taken}: the broker refuses newer versions (--profile overrides).` };
  const { minor, words } = shownBy(catalog);
  const evident = minor < taken ? minor : taken;
  const judged = `Judged as 2.${taken}, the newest version that the broker takes (--profile overrides).`;
  if (evident === taken) return { evident, reason: judged };
  const shown = `It shows ${words}, so it may be of 2.${evident}: findings by newer clauses say so.`;
  return { evident, reason: `${judged} ${shown}` };
}

/** An accusation by a clause that is newer than what the broker shows says so. */
export function markNewer(outcome: Outcome, { since }: Pick<Check<never>, "since">, evident: SpecMinor): Outcome {
  if ((outcome.verdict !== "fail" && outcome.verdict !== "warn") || since <= evident) return outcome;
  const mark = `(binds since 2.${since}; the broker shows nothing newer than 2.${evident})`;
  return { ...outcome, reason: outcome.reason === undefined ? mark : `${outcome.reason} ${mark}` };
}
