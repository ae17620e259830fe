import type { Json } from "../../client/http/json.ts";
import type { Spot, Spots } from "./spots.ts";
import type { SpecMinor } from "../../client/spec-version.ts";

/** What a rule found: `looked` spots that it applies to, of which `faults` break it. */
export interface Finding {
  readonly looked: number;
  readonly faults: readonly string[];
}

/** A rule about catalogs: pure, so that it can be tried on any. */
export interface CatalogRule {
  /** The clauses that it judges; the first names it. */
  readonly clauses: readonly string[];
  /** What a sound catalog is like, as one short sentence. */
  readonly title: string;
  /** What is demanded, to complete "expected …". */
  readonly words: string;
  readonly level?: "MUST" | "SHOULD";
  readonly since?: SpecMinor;
  readonly until?: SpecMinor;
  /** Makes it a check of its own when one clause has several. */
  readonly id?: string;
  readonly find: Find;
}

/** Looks through a catalog. */
interface Find {
  (catalog: Json): Finding;
  /** The path of what it looks at; undefined if there is no short one. */
  readonly about?: string | undefined;
}

/** Whether a value is right; undefined stands for a member that is not there. */
export type Test = (value: Json | undefined) => boolean;

const show = (value: Json | undefined): string => (JSON.stringify(value) ?? "nothing").slice(0, 80);

/** Finds the spots whose value is not right. */
export function judge(spots: Spots, isRight: Test): Find {
  const find = (catalog: Json): Finding => {
    const all = spots(catalog);
    const faults = all
      .filter(({ value }) => !isRight(value))
      .map(({ path, value }) => `${path.slice(1)} is ${show(value)}`);
    return { looked: all.length, faults };
  };
  return Object.assign(find, { about: spots.about });
}

/** Strings that occur twice. `groups` yields the lists within which they must differ. */
export function unique(groups: (catalog: Json) => readonly (readonly Spot[])[]): Find {
  return (catalog) => {
    const all = groups(catalog);
    const faults = all.flatMap((spots) => {
      const strings = spots.filter(({ value }) => typeof value === "string");
      return strings
        .filter((spot, at) => strings.findIndex((other) => other.value === spot.value) !== at)
        .map(({ path, value }) => `${path.slice(1)} repeats ${show(value)}`);
    });
    return { looked: all.flat().length, faults };
  };
}

interface Extra extends Pick<CatalogRule, "level" | "since" | "until" | "id"> {}

/** A rule; with one clause, that names it. */
export function rule(
  clauses: string | readonly string[],
  title: string,
  words: string,
  find: Find,
  extra: Extra = {},
): CatalogRule {
  return { clauses: typeof clauses === "string" ? [clauses] : clauses, title, words, find, ...extra };
}
