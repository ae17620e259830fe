import { percentText } from "./percent.ts";

/** The target of a path. `allowed` lists the methods of a known path that does not have this one. */
export interface RouteMatch<R> {
  readonly route: R | undefined;
  readonly params: Readonly<Record<string, string>>;
  readonly allowed: readonly string[];
}

/** A compiled table of routes. */
export interface Router<R> {
  /** The target of this method and percent-encoded path. */
  match(method: string, path: string): RouteMatch<R>;
}

interface Node<R> {
  readonly literal: Map<string, Node<R>>;
  parameter: Node<R> | undefined;
  rest: Node<R> | undefined;
  readonly methods: Map<string, { readonly route: R; readonly names: readonly string[] }>;
}

const createNode = <R>(): Node<R> => ({
  literal: new Map(),
  parameter: undefined,
  rest: undefined,
  methods: new Map(),
});

function child<R>(parent: Node<R>, segment: string): Node<R> {
  if (segment.startsWith(":")) return (parent.parameter ??= createNode());
  if (segment.startsWith("*")) return (parent.rest ??= createNode());
  let next = parent.literal.get(segment);
  if (next === undefined) parent.literal.set(segment, (next = createNode()));
  return next;
}

/**
 * Compiles a table of routes to a tree of segments. A literal segment wins over a parameter, a parameter over the rest; the
 * search goes back when a branch leads nowhere. Empty segments count: `/v3` and `/v3/` are different paths.
 */
export function compileRoutes<R extends { readonly method: string; readonly path: string }>(
  routes: readonly R[],
): Router<R> {
  const root = createNode<R>();
  for (const route of routes) {
    const segments = route.path.split("/").slice(1);
    const names = segments.filter((segment) => /^[:*]/.test(segment)).map((segment) => segment.slice(1));
    const leaf = segments.reduce((parent, segment) => child(parent, segment), root);
    if (leaf.methods.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`);
    leaf.methods.set(route.method, { route, names });
  }
  return { match: (method, path) => matchPath(root, method, path.split("/").slice(1)) };
}

function matchPath<R>(root: Node<R>, method: string, segments: readonly string[]): RouteMatch<R> {
  const allowed = new Set<string>();
  const values: string[] = [];
  const descend = (at: Node<R>, depth: number): RouteMatch<R> | undefined => {
    const segment = segments[depth];
    if (segment === undefined) return matchMethod(at, method, values, allowed);
    const literal = at.literal.get(segment);
    const found = literal && descend(literal, depth + 1);
    if (found) return found;
    return take(at.parameter, segment, depth + 1) ?? take(at.rest, segments.slice(depth).join("/"), segments.length);
  };
  const take = (next: Node<R> | undefined, value: string, depth: number): RouteMatch<R> | undefined => {
    if (next === undefined || value === "") return undefined;
    values.push(percentText(value));
    const found = descend(next, depth);
    if (found === undefined) values.pop();
    return found;
  };
  return descend(root, 0) ?? { route: undefined, params: {}, allowed: [...allowed].sort() };
}

function matchMethod<R>(
  at: Node<R>,
  method: string,
  values: readonly string[],
  allowed: Set<string>,
): RouteMatch<R> | undefined {
  const leaf = at.methods.get(method);
  if (leaf === undefined) {
    for (const known of at.methods.keys()) allowed.add(known);
    return undefined;
  }
  return {
    route: leaf.route,
    params: Object.fromEntries(leaf.names.map((name, at) => [name, values[at] ?? ""])),
    allowed: [],
  };
}
