/** A path of a recording: `$.a.b`, `[0]`, `[*]`, `['k']`, `..name` for any depth. */
type Segment =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "any" }
  | { readonly kind: "deep"; readonly key: string };

const PART = /\.\.([\w-]+)|\.([\w-]+)|\[(\d+)\]|\[\*\]|\['([^']*)'\]/g;

function segmentsOf(path: string): readonly Segment[] {
  return [...path.slice(1).matchAll(PART)].map(([, deep, key, index, quoted]): Segment => {
    if (deep !== undefined) return { kind: "deep", key: deep };
    const name = key ?? index ?? quoted;
    return name === undefined ? { kind: "any" } : { kind: "key", key: name };
  });
}

type Visit = (parent: Record<string, unknown>, key: string) => void;

const isParent = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function walk(value: unknown, segments: readonly Segment[], visit: Visit): void {
  const [segment, ...rest] = segments;
  if (!isParent(value) || segment === undefined) return;
  const parent = value;
  const enter = (key: string): void => {
    if (rest.length === 0) visit(parent, key);
    else walk(parent[key], rest, visit);
  };
  if (segment.kind === "key") {
    const name = nameIn(parent, segment.key);
    if (name !== undefined) enter(name);
    return;
  }
  for (const key of Object.keys(parent)) {
    if (segment.kind === "any") enter(key);
    else {
      if (key === segment.key) enter(key);
      walk(parent[key], segments, visit);
    }
  }
}

/** Names of headers compare without case. */
const nameIn = (parent: object, key: string): string | undefined =>
  key in parent ? key : Object.keys(parent).find((name) => name.toLowerCase() === key.toLowerCase());

/** The value at a path, the first if there are several. */
export function valueAt(root: unknown, path: string): unknown {
  let found: unknown;
  walk(root, segmentsOf(path), (parent, key) => {
    found ??= parent[key];
  });
  return found;
}

/** Replaces what is at a path, wherever it is. */
export function replaceAt(root: unknown, path: string, change: (value: unknown) => unknown): void {
  walk(root, segmentsOf(path), (parent, key) => {
    parent[key] = change(parent[key]);
  });
}
