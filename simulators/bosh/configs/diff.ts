import { dumpLines } from "../templates/yaml-dump.ts";
import { asFields, type Fields, isHash } from "./fields.ts";
import { redactCopy } from "./redact.ts";

/*
 * The changes between two documents, line by line (changeset.rb and diff_lines.rb in bosh-director;
 * docs/discoveries/bosh-director.md, "Diff lines"). Each value is paired with its redacted form: the value
 * decides what differs, the redacted form is shown.
 */

/** One line of a diff as clients show it. */
type DiffLine = readonly [string, Mark];

type Mark = null | "added" | "removed";

/** A line before sorting. */
interface Line {
  readonly indent: number;
  readonly text: string;
  readonly mark: Mark;
}

/** A value, and its shown form. */
interface Pair<T = unknown> {
  readonly value: T;
  readonly shown: unknown;
}

/** Sections in the director's order; others follow. */
const ORDER = [
  "azs",
  "vm_types",
  "vm_extensions",
  "resource_pools",
  "compilation",
  "networks",
  "disk_types",
  "name",
  "stemcells",
  "releases",
  "update",
  "jobs",
  "release",
  "addons",
  "variables",
];

const INDENT = "  ";

const yamlLines = (value: unknown, indent: number, mark: Mark): readonly Line[] =>
  dumpLines(value).map((text) => ({ indent, text, mark }));

/** Equality as in Ruby: keys in any order. */
function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  if (!isHash(a) || !isHash(b)) return (a ?? null) === (b ?? null);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && isSame(a[key], b[key]));
}

const isSamePair = (a: Pair, b: Pair): boolean => isSame(a.value, b.value) && isSame(a.shown, b.shown);

/** The key that identifies list elements, if all that differ have it. */
const IDENTITIES = ["name", "range"] as const;

function diffLists(before: readonly Pair[], after: readonly Pair[], key: string, indent: number): readonly Line[] {
  const added = after.filter((each) => !before.some((other) => isSamePair(each, other)));
  let removed = before.filter((each) => !after.some((other) => isSamePair(each, other)));
  const lines: Line[] = [];
  for (const each of added) {
    const identity = isHash(each.value) ? identityOf([...added, ...removed]) : undefined;
    const twin =
      identity && removed.find(({ value }) => isSame(asFields(value)[identity], asFields(each.value)[identity]));
    if (identity === undefined || twin === undefined) {
      lines.push(...yamlLines([each.shown], indent, "added"));
      continue;
    }
    removed = removed.filter((other) => !isSamePair(other, twin));
    const inner = diffHashes(asPair(twin), asPair(each), indent + 1);
    if (inner.length > 0)
      lines.push(...yamlLines([{ [identity]: asFields(each.shown)[identity] }], indent, null), ...inner);
  }
  if (removed.length > 0)
    lines.push(
      ...yamlLines(
        removed.map(({ shown }) => shown),
        indent,
        "removed",
      ),
    );
  return lines.length === 0 ? [] : [{ indent, text: `${key}:`, mark: null }, ...lines];
}

function identityOf(pairs: readonly Pair[]): (typeof IDENTITIES)[number] | undefined {
  const given = pairs.filter(({ value }) => value !== null && value !== undefined);
  return IDENTITIES.find((identity) =>
    given.every(({ value }) => ![undefined, null, false].includes(asFields(value)[identity] as null)),
  );
}

const asPair = ({ value, shown }: Pair): Pair<Fields> => ({ value: asFields(value), shown });

const pairsOf = (list: readonly unknown[], shown: unknown): readonly Pair[] =>
  list.map((value, at) => ({ value, shown: Array.isArray(shown) ? shown[at] : value }));

function diffHashes(before: Pair<Fields>, after: Pair<Fields>, indent: number): readonly Line[] {
  const keys = [...new Set([...Object.keys(before.value), ...Object.keys(after.value)])];
  return keys.flatMap((key) => diffKey(key, before, after, indent));
}

function diffKey(key: string, before: Pair<Fields>, after: Pair<Fields>, indent: number): readonly Line[] {
  const [old = null, fresh = null] = [before.value[key], after.value[key]];
  if (isSame(old, fresh)) return [];
  const shown = [asFields(before.shown)[key], asFields(after.shown)[key]];
  const removal = (): readonly Line[] => yamlLines({ [key]: shown[0] }, indent, "removed");
  const addition = (): readonly Line[] => yamlLines({ [key]: shown[1] }, indent, "added");
  if (old === null) return addition();
  if (fresh === null) return removal();
  if (Array.isArray(old) && Array.isArray(fresh))
    return diffLists(pairsOf(old, shown[0]), pairsOf(fresh, shown[1]), key, indent);
  if (!isHash(old) || !isHash(fresh)) return [...removal(), ...addition()];
  const inner = diffHashes({ value: old, shown: shown[0] }, { value: fresh, shown: shown[1] }, indent + 1);
  return inner.length === 0 ? [] : [{ indent, text: `${key}:`, mark: null }, ...inner];
}

/** The changes between two documents, section by section, separated by blank lines. */
export function diffLines(before: unknown, after: unknown, redact: boolean): readonly DiffLine[] {
  const pairOf = (value: Fields): Pair<Fields> => ({ value, shown: redact ? redactCopy(value) : value });
  const lines = diffHashes(pairOf(asFields(before)), pairOf(asFields(after)), 0);
  const sections = new Map<string, Line[]>();
  let current: Line[] = [];
  for (const line of lines) {
    if (line.indent === 0 && !/^[ -]/.test(line.text)) {
      current = [];
      sections.set(line.text, current);
    }
    current.push(line);
  }
  const first = ORDER.map((name) => `${name}:`).filter((name) => sections.has(name));
  const names = [...first, ...[...sections.keys()].filter((name) => !first.includes(name))];
  return names
    .map((name) =>
      (sections.get(name) ?? []).map(({ indent, text, mark }): DiffLine => [INDENT.repeat(indent) + text, mark]),
    )
    .flatMap((section, at): readonly DiffLine[] => (at === 0 ? section : [["", null], ...section]));
}
