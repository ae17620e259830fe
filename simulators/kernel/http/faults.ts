import type { FaultAttribute, FaultPoint } from "../faults/point.ts";

const ROUTE_EFFECTS = ["reply", "delay", "reset", "lost-reply", "truncate", "stuck"] as const;

/** The fault point of a route: `nova:GET /servers/:id`. */
export interface RoutePoint extends FaultPoint {
  readonly effects: typeof ROUTE_EFFECTS;
  readonly attributes: Readonly<Record<string, FaultAttribute>>;
}

/** Names of a route's parameters: `:id` and `*rest`. */
const parametersOf = (path: string): readonly string[] =>
  path
    .split("/")
    .filter((segment) => /^[:*]/.test(segment))
    .map((segment) => segment.slice(1));

/** Its attributes are the path as sent and the route's parameters. */
export function routePoint(
  api: string,
  { method, path }: { readonly method: string; readonly path: string },
): RoutePoint {
  const parameters = parametersOf(path).map(
    (name) => [name, { prose: `${name} in the path, percent-decoded` }] as const,
  );
  return {
    point: `${api}:${method} ${path}`,
    effects: ROUTE_EFFECTS,
    prose:
      "The request fails before, during or after its work; the caller must cope with an answer that is an error, late, truncated or missing.",
    attributes: {
      ...Object.fromEntries(parameters),
      path: { prose: "the path as sent, from where the route begins and without the query", template: path },
    },
  };
}
