import { asFields, type Fields, isHash } from "./fields.ts";
import { dumpLines } from "../templates/yaml-dump.ts";

/** One line of a diff as clients show it. */
type DiffLine = readonly [string, null | "added" | "removed"];

/** Sections in the order in which the director shows them; others follow. */
const ORDER = [
  "azs",
  "vm_types",
  "vm_extensions",
  "resource_pools",
  "compilation",
  "networks",
  "disk_types",
  "stemcells",
  "releases",
  "update",
  "jobs",
  "release",
  "addons",
  "variables",
];

/** How values are shown: those under `properties` and `env.bosh` may be secret. */
interface DiffMode {
  readonly redact: boolean;
  readonly isHidden: boolean;
}

const modeBelow = ({ redact, isHidden }: DiffMode, key: string): DiffMode => ({
  redact,
  isHidden: isHidden || (redact && (key === "properties" || key === "bosh")),
});

function redactValue(value: unknown, mode: DiffMode): unknown {
  if (Array.isArray(value)) return value.map((each) => redactValue(each, mode));
  if (isHash(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, redactValue(each, modeBelow(mode, key))]),
    );
  return mode.isHidden ? "<redacted>" : value;
}

const indentLines = (value: unknown, depth: number): readonly string[] =>
  dumpLines(value).map((line) => `${"  ".repeat(depth)}${line}`);

const markLines = (value: unknown, depth: number, mark: "added" | "removed", mode: DiffMode): readonly DiffLine[] =>
  indentLines(redactValue(value, mode), depth).map((line) => [line, mark]);

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Elements of a list are the same thing when they have the same name (or range). */
const keyOf = (value: unknown): string =>
  isHash(value) ? String(value.name ?? value.range ?? value.alias ?? JSON.stringify(value)) : JSON.stringify(value);

function diffList(
  before: readonly unknown[],
  after: readonly unknown[],
  depth: number,
  mode: DiffMode,
): readonly DiffLine[] {
  const old = new Map(before.map((each) => [keyOf(each), each]));
  const fresh = new Map(after.map((each) => [keyOf(each), each]));
  const kept = [...fresh].flatMap(([key, each]): readonly DiffLine[] => {
    if (!old.has(key)) return markLines([each], depth, "added", mode);
    const was = old.get(key);
    if (isSame(was, each)) return [];
    const inner = isHash(was) && isHash(each) ? diffMapping(was, each, depth + 1, mode) : [];
    const name = isHash(each) ? `- name: ${String(each.name ?? each.range)}` : "-";
    return [[`${"  ".repeat(depth)}${name}`, null], ...inner];
  });
  const gone = [...old].filter(([key]) => !fresh.has(key));
  return [...kept, ...gone.flatMap(([, each]) => markLines([each], depth, "removed", mode))];
}

function diffMapping(before: Fields, after: Fields, depth: number, mode: DiffMode): readonly DiffLine[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => diffKey(key, before[key], after[key], depth, mode));
}

function diffKey(key: string, before: unknown, after: unknown, depth: number, mode: DiffMode): readonly DiffLine[] {
  if (isSame(before, after)) return [];
  const removed = markLines({ [key]: before }, depth, "removed", mode);
  const added = markLines({ [key]: after }, depth, "added", mode);
  if (before === undefined) return added;
  if (after === undefined) return removed;
  const head: DiffLine = [`${"  ".repeat(depth)}${key}:`, null];
  const inner = modeBelow(mode, key);
  if (isHash(before) && isHash(after)) return [head, ...diffMapping(before, after, depth + 1, inner)];
  if (Array.isArray(before) && Array.isArray(after)) return [head, ...diffList(before, after, depth, inner)];
  return [...removed, ...added];
}

/** What changes between two documents, section by section with a blank line between (docs/discoveries/bosh-director.md, "Diff lines"). */
export function diffLines(before: unknown, after: unknown, redact: boolean): readonly DiffLine[] {
  const [old, fresh] = [asFields(before), asFields(after)];
  const mode = { redact, isHidden: false };
  const keys = [...new Set([...Object.keys(old), ...Object.keys(fresh)])];
  const rank = (key: string): number => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  const sections = keys
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((key) => {
      const lines = diffKey(key, old[key], fresh[key], 0, mode);
      const isSwap = !isHash(old[key]) && !Array.isArray(old[key]) && lines[0]?.[1] === "removed";
      // A plain value that changes at the top is two sections of its own.
      return isSwap
        ? [lines.filter(([, mark]) => mark === "removed"), lines.filter(([, mark]) => mark === "added")]
        : [lines];
    });
  return sections
    .filter((section) => section.length > 0)
    .flatMap((section, at): readonly DiffLine[] => (at === 0 ? section : [["", null], ...section]));
}
