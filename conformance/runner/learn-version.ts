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
 * The newest version of which the catalog's answer shows a trace: a member of the catalog, or the request identity sent back. What a broker does
 * wrong does not count, nor what it leaves out: most of each version is optional.
 */
function shownBy(catalog: Answer): Shown {
  const member = newestMember(catalog);
  const echoes = catalog.headers[REQUEST_IDENTITY] !== undefined;
  if (echoes && (member === undefined || member.minor < 15))
    return { minor: 15, words: "the request identity sent back" };
  return member ?? { minor: 12, words: "nothing newer" };
}

/** The version against which a run without a chosen one judges. */
interface LearntVersion {
  /** The newest version for which the broker shows that it was written; at most the one against which the run judges. */
  readonly evident: SpecMinor;
  /** Which version, and why, in a sentence or two. */
  readonly reason: string;
}

/**
 * What is known about a broker's version if nobody has named one. It is judged against `taken`, the newest version that it does not refuse with
 * 412, which is never inferred from what the broker does.
 */
export function learnVersion(taken: SpecMinor, catalog: Answer, isNewerRefused: boolean): LearntVersion {
  if (isNewerRefused)
    return { evident: taken, reason: `Judged as 2.${taken}: the broker refuses newer versions (--profile overrides).` };
  const { minor, words } = shownBy(catalog);
  const evident = minor < taken ? minor : taken;
  const judged = `Judged as 2.${taken}, the newest version that the broker accepts (--profile overrides).`;
  if (evident === taken) return { evident, reason: judged };
  const shown = `It shows ${words}, so it may have been written for 2.${evident}: findings of newer clauses say so.`;
  return { evident, reason: `${judged} ${shown}` };
}

/** A finding of a clause that is newer than what the broker shows says so. */
export function markNewer(outcome: Outcome, { since }: Pick<Check<never>, "since">, evident: SpecMinor): Outcome {
  if ((outcome.verdict !== "fail" && outcome.verdict !== "warn") || since <= evident) return outcome;
  const mark = `(binds since 2.${since}; the broker shows nothing newer than 2.${evident})`;
  return { ...outcome, reason: outcome.reason === undefined ? mark : `${outcome.reason} ${mark}` };
}
