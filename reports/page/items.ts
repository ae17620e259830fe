/**
 * The items that the page lists and filters: checks and seeds, in one shape. Free of the DOM, so that it can
 * be tested without a page.
 */
import type { Level, Verdict } from "../../conformance/runner/events.ts";
import type { CheckReport, Report, SeedReport } from "../report.ts";

interface Listed {
  /** Unique in the page; the address of the item. */
  readonly key: string;
  /** Suite or scenario. */
  readonly suite: string;
  readonly section: string;
  readonly verdict: Verdict;
  readonly level: Level | undefined;
  /** All of its text, in lower case. */
  readonly haystack: string;
}

/** A check or a seed in the list. */
export type Item =
  | (Listed & { readonly kind: "check"; readonly check: CheckReport })
  | (Listed & { readonly kind: "seed"; readonly seed: SeedReport });

function haystackOf(value: unknown): string {
  if (typeof value === "string" || typeof value === "number") return String(value).toLowerCase();
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value).map(haystackOf).join("\n");
}

function checkItem(check: CheckReport): Item {
  const { suite, section, verdict, level } = check;
  return { kind: "check", key: check.id, suite, section, verdict, level, haystack: haystackOf(check), check };
}

function seedItem(scenario: string, seed: SeedReport): Item {
  return {
    kind: "seed",
    key: `${scenario}/${seed.seed}`,
    suite: scenario,
    section: `Scenario ${scenario}`,
    verdict: seed.verdict,
    level: undefined,
    haystack: `seed ${seed.seed}\n${haystackOf(seed)}`,
    seed,
  };
}

/** All checks and seeds of a report. */
export function itemsOf(report: Report): readonly Item[] {
  const seeds = report.scenarios.flatMap(({ scenario, seeds: all }) => all.map((seed) => seedItem(scenario, seed)));
  return [...report.checks.map(checkItem), ...seeds];
}

/** An empty list means all. Every word of `text` must occur. */
export interface Filter {
  readonly verdicts: readonly string[];
  readonly suites: readonly string[];
  readonly levels: readonly string[];
  readonly text: string;
}

/** Shows everything. */
export const NO_FILTER: Filter = { verdicts: [], suites: [], levels: [], text: "" };

/** Whether the filter can hide anything. */
export function isFiltering({ verdicts, suites, levels, text }: Filter): boolean {
  return verdicts.length + suites.length + levels.length > 0 || text.trim() !== "";
}

function admits(chosen: readonly string[], value: string | undefined): boolean {
  return chosen.length === 0 || (value !== undefined && chosen.includes(value));
}

/** The items that pass the filter. */
export function filterItems(items: readonly Item[], filter: Filter): readonly Item[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(
    (item) =>
      admits(filter.verdicts, item.verdict) &&
      admits(filter.suites, item.suite) &&
      admits(filter.levels, item.level) &&
      words.every((word) => item.haystack.includes(word)),
  );
}

/** The filter as the fragment of an address, so that a view can be passed on. */
export function hashOf(filter: Filter): string {
  const pairs = [
    ["verdict", filter.verdicts.join(",")],
    ["suite", filter.suites.join(",")],
    ["level", filter.levels.join(",")],
    ["q", filter.text],
  ].filter(([, value]) => value !== "");
  return pairs.length === 0
    ? ""
    : `#${pairs.map(([name, value]) => `${name}=${encodeURIComponent(value ?? "")}`).join("&")}`;
}

/** The filter in the fragment of an address; the inverse of `hashOf`. */
export function filterOf(hash: string): Filter {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string) => (params.get(name) ?? "").split(",").filter(Boolean);
  return { verdicts: list("verdict"), suites: list("suite"), levels: list("level"), text: params.get("q") ?? "" };
}

/** Adds the value, or takes it away. */
export function toggle(chosen: readonly string[], value: string): readonly string[] {
  return chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value];
}
