import type { Evaluate, Scope } from "../aggregation/scope.ts";
import {
  type Document,
  type Draft,
  fieldOf,
  isArray,
  isDocument,
  isNumeric,
  isTruthy,
  numberOf,
  type Value,
} from "../values/value.ts";
import { notSimulated, ServerError } from "../wire/errors.ts";
import { elementPredicate, type FilterContext, type MatchDetails } from "./match.ts";

/** The treatment of one field in a projection: keep it, omit it, compute it, or continue below it. */
type Node =
  | { readonly kind: "keep" }
  | { readonly kind: "drop" }
  | { readonly kind: "compute"; readonly evaluate: Evaluate }
  | { readonly kind: "slice"; readonly skip: number; readonly limit: number }
  | { readonly kind: "element"; readonly fits: (value: Value) => boolean }
  | { readonly kind: "positional" }
  | { readonly kind: "below"; readonly fields: Map<string, Node> };

/** Gives a document the shape of a projection. */
type Projection = (document: Document, scope: Scope, details?: MatchDetails) => Document;

/** The context in which a projection is compiled. */
interface ProjectionContext {
  readonly filter: FilterContext;
  readonly compile: (expression: Value) => Evaluate;
  /** Only `find` has the positional operator, `$slice` and `$elemMatch`. */
  readonly isFind: boolean;
}

interface Parsed {
  readonly tree: Map<string, Node>;
  /** Undefined while nothing but `_id` and computed fields have been seen. */
  mode: "inclusion" | "exclusion" | undefined;
  hasComputed: boolean;
}

const mixture = (path: string, into: string): ServerError =>
  new ServerError(
    into === "inclusion" ? 31254 : 31253,
    `Cannot do ${into === "inclusion" ? "exclusion" : "inclusion"} on field ${path} in ${into} projection`,
  );

/**
 * Compiles a projection of `find` or `$project`.
 *
 * @throws ServerError 31253, 31254 if fields are both included and excluded, 31250 if paths collide
 */
export function compileProjection(spec: Document, context: ProjectionContext): Projection {
  const parsed: Parsed = { tree: new Map(), mode: undefined, hasComputed: false };
  for (const [path, value] of Object.entries(spec)) parse(parsed, path, value, context);
  const id = parsed.tree.get("_id");
  const mode = parsed.mode ?? (parsed.hasComputed || id?.kind !== "drop" ? "inclusion" : "exclusion");
  const isEmpty = parsed.tree.size === 0;
  const keepsAll = mode === "exclusion" || isEmpty || [...parsed.tree.values()].every((node) => isFindOnly(node));
  if (!keepsAll && id === undefined) parsed.tree.set("_id", { kind: "keep" });
  if (!keepsAll && id?.kind === "drop") parsed.tree.delete("_id");
  return (document, scope, details) => apply(document, parsed.tree, keepsAll, scope, details);
}

/** `$slice` alone keeps all other fields; `$elemMatch` makes it an inclusion. */
const isFindOnly = (node: Node): boolean =>
  node.kind === "slice" || (node.kind === "below" && [...node.fields.values()].every(isFindOnly));

function parse(parsed: Parsed, path: string, value: Value, context: ProjectionContext): void {
  if (path === "" || path.startsWith("$"))
    throw new ServerError(16410, `FieldPath field names may not start with '$': ${path}`);
  if (context.isFind && path.endsWith(".$")) {
    enterMode(parsed, path, "inclusion");
    return put(parsed.tree, path.slice(0, -2), { kind: "positional" });
  }
  const flag = isNumeric(value) || typeof value === "boolean";
  if (flag) {
    const mode = isTruthy(value) ? "inclusion" : "exclusion";
    if (path !== "_id") enterMode(parsed, path, mode);
    return put(parsed.tree, path, { kind: mode === "inclusion" ? "keep" : "drop" });
  }
  if (isDocument(value) && context.isFind) {
    const node = findOperator(value, context);
    if (node !== undefined) {
      if (node.kind === "element") enterMode(parsed, path, "inclusion");
      return put(parsed.tree, path, node);
    }
  }
  if (isDocument(value) && Object.keys(value).length === 0)
    throw new ServerError(51270, "An empty sub-projection is not a valid value. Found empty object at path");
  const isNested = isDocument(value) && Object.keys(value)[0]?.startsWith("$") !== true;
  if (isNested) {
    for (const [name, each] of Object.entries(value)) parse(parsed, `${path}.${name}`, each, context);
    return;
  }
  if (parsed.mode === "exclusion") throw mixture(path, "exclusion");
  parsed.hasComputed = true;
  parsed.mode = "inclusion";
  put(parsed.tree, path, { kind: "compute", evaluate: context.compile(value) });
}

function enterMode(parsed: Parsed, path: string, mode: "inclusion" | "exclusion"): void {
  if (parsed.mode !== undefined && parsed.mode !== mode) throw mixture(path, parsed.mode);
  parsed.mode = mode;
}

function findOperator(value: Document, context: ProjectionContext): Node | undefined {
  const slice = fieldOf(value, "$slice");
  if (slice !== undefined && !(isArray(slice) && slice.some((each) => typeof each === "string" || isArray(each))))
    return sliceOf(slice);
  const element = fieldOf(value, "$elemMatch");
  if (isDocument(element)) return { kind: "element", fits: elementPredicate(element, context.filter) };
  if (Object.hasOwn(value, "$meta")) throw notSimulated("a projection by $meta");
  return undefined;
}

function sliceOf(slice: Value): Node {
  const [skip, limit] = isArray(slice) ? slice.map(numberOf) : [undefined, numberOf(slice)];
  if (limit === undefined || (isArray(slice) && (slice.length !== 2 || skip === undefined || limit <= 0)))
    throw new ServerError(28667, "Invalid $slice syntax. The given syntax did not match the find() syntax");
  return { kind: "slice", skip: skip ?? (limit < 0 ? limit : 0), limit: Math.abs(limit) };
}

function put(tree: Map<string, Node>, path: string, node: Node): void {
  const [name = "", ...rest] = path.split(".");
  const there = tree.get(name);
  if (rest.length === 0) {
    if (there !== undefined) throw new ServerError(31250, `Path collision at ${path}`);
    tree.set(name, node);
    return;
  }
  if (there !== undefined && there.kind !== "below") throw new ServerError(31249, `Path collision at ${path}`);
  const below = there ?? { kind: "below", fields: new Map<string, Node>() };
  tree.set(name, below);
  put(below.fields, rest.join("."), node);
}

/** Fields keep the order of the document; computed ones come after, in the order of the projection. */
function apply(
  document: Document,
  tree: ReadonlyMap<string, Node>,
  keepsAll: boolean,
  scope: Scope,
  details: MatchDetails | undefined,
): Document {
  const made: Draft = {};
  for (const [name, value] of Object.entries(document)) {
    const node = tree.get(name);
    if (node === undefined ? keepsAll : node.kind !== "drop" && node.kind !== "compute")
      made[name] = node === undefined ? value : project(value, node, keepsAll, scope, details);
  }
  for (const [name, node] of tree) {
    if (node.kind === "compute") made[name] = node.evaluate(scope);
    if (node.kind === "below" && hasComputed(node) && !Object.hasOwn(document, name))
      made[name] = apply({}, node.fields, keepsAll, scope, details);
  }
  for (const [name, value] of Object.entries(made)) if (value === undefined) delete made[name];
  return made;
}

const hasComputed = (node: Node): boolean =>
  node.kind === "compute" || (node.kind === "below" && [...node.fields.values()].some(hasComputed));

function project(value: Value, node: Node, keepsAll: boolean, scope: Scope, details: MatchDetails | undefined): Value {
  switch (node.kind) {
    case "slice":
      return isArray(value) ? slice(value, node.skip, node.limit) : value;
    case "element":
      return isArray(value) ? elementsFrom(value, value.findIndex(node.fits)) : undefined;
    case "positional":
      return isArray(value) ? positional(value, details) : value;
    case "below":
      return projectBelow(value, node, keepsAll, scope, details);
    default:
      return value;
  }
}

function slice(values: readonly Value[], skip: number, limit: number): readonly Value[] {
  const from = skip < 0 ? Math.max(0, values.length + skip) : skip;
  return values.slice(from, from + limit);
}

const elementsFrom = (values: readonly Value[], at: number): Value => (at === -1 ? undefined : [values[at]]);

function positional(values: readonly Value[], details: MatchDetails | undefined): Value {
  if (details?.index === undefined)
    throw new ServerError(
      51246,
      "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
    );
  return elementsFrom(values, details.index);
}

function projectBelow(
  value: Value,
  node: Extract<Node, { kind: "below" }>,
  keepsAll: boolean,
  scope: Scope,
  details: MatchDetails | undefined,
): Value {
  if (isDocument(value)) return apply(value, node.fields, keepsAll, scope, details);
  if (isArray(value)) {
    const parts = value.map((each) =>
      isDocument(each) || isArray(each)
        ? projectBelow(each, node, keepsAll, scope, details)
        : keepsAll
          ? each
          : undefined,
    );
    return parts.filter((each) => each !== undefined);
  }
  if (hasComputed(node)) return apply({}, node.fields, keepsAll, scope, details);
  return keepsAll ? value : undefined;
}
