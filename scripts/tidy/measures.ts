import { findDeadReferences, readRepository } from "./references.ts";
import { isNode, lineAt, nameOf, roomOf, type Source, type SyntaxNode, walk } from "./source.ts";
import { FORBIDDEN_WORDS, PARTICIPLES } from "./words.ts";

/** The result of a measure: a figure for each key (a file, a function, a room or a word). A key without a figure counts as zero. */
export type Figures = Record<string, number>;

/** A figure of the repository, which may only fall. */
interface Measure {
  readonly name: string;
  /** The unit, for the table. */
  readonly about: string;
  readonly count: (sources: readonly Source[]) => Figures;
}

/** Files and functions of up to these lengths are not counted; longer ones may only shrink. */
const FILE_LINES_MAX = 250;
const FUNCTION_LINES_MAX = 50;
/** Functions shorter than this may be alike by chance. */
const DUPLICATE_CHARACTERS_MIN = 60;

const FUNCTION = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/;

function add(figures: Figures, key: string, amount = 1): void {
  figures[key] = (figures[key] ?? 0) + amount;
}

function product(sources: readonly Source[]): Source[] {
  return sources.filter((source) => !source.isTest);
}

function linesOf(source: Source, node: SyntaxNode): number {
  return lineAt(source.text, node.end) - lineAt(source.text, node.start) + 1;
}

function countLongFiles(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const { path, text } of product(sources)) {
    const lines = text.split("\n").length - 1;
    if (lines > FILE_LINES_MAX) figures[path] = lines;
  }
  return figures;
}

interface NamedFunction {
  readonly name: string;
  readonly node: SyntaxNode;
}

const functionsOf = new WeakMap<Source, readonly NamedFunction[]>();

/** Functions with a name: declarations, methods, and functions that are assigned to a constant. */
function namedFunctions(source: Source): readonly NamedFunction[] {
  const found = functionsOf.get(source) ?? [...findNamedFunctions(source)];
  functionsOf.set(source, found);
  return found;
}

function* findNamedFunctions(source: Source): Generator<NamedFunction> {
  for (const top of source.body) {
    for (const node of walk(top)) {
      if (node.type === "FunctionDeclaration") yield { name: nameOf(node["id"]), node };
      const value = node.type === "VariableDeclarator" ? node["init"] : node["value"];
      const holder = node.type === "VariableDeclarator" ? node["id"] : node["key"];
      const isHolder = node.type === "VariableDeclarator" || node.type === "MethodDefinition";
      if (isHolder && isNode(value) && FUNCTION.test(value.type)) yield { name: nameOf(holder), node: value };
    }
  }
}

function countLongFunctions(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const source of product(sources)) {
    for (const { name, node } of namedFunctions(source)) {
      const lines = linesOf(source, node);
      if (lines > FUNCTION_LINES_MAX) figures[`${source.path} ${name}`] = lines;
    }
  }
  return figures;
}

function isConst(node: SyntaxNode): boolean {
  const type = node["typeAnnotation"];
  return isNode(type) && isNode(type["typeName"]) && nameOf(type["typeName"]) === "const";
}

function countCasts(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const source of product(sources)) {
    for (const top of source.body) {
      for (const node of walk(top)) {
        if (node.type === "TSAsExpression" && !isConst(node)) add(figures, roomOf(source.path));
        if (node.type === "TSNonNullExpression") add(figures, roomOf(source.path));
      }
    }
  }
  return figures;
}

/** The names that a statement both declares and exports. */
function declaredNames(node: SyntaxNode): string[] {
  if (node.type !== "ExportNamedDeclaration" || !isNode(node["declaration"])) return [];
  const declaration = node["declaration"];
  if (declaration.type !== "VariableDeclaration") return [nameOf(declaration["id"])];
  const declarations = Array.isArray(declaration["declarations"]) ? declaration["declarations"] : [];
  return declarations.filter(isNode).map((each) => nameOf(each["id"]));
}

function isDocumented(source: Source, node: SyntaxNode): boolean {
  return source.text.slice(0, node.start).trimEnd().endsWith("*/");
}

function countUndocumentedExports(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const source of product(sources)) {
    const documented = new Set<string>();
    for (const node of source.body) {
      const names = declaredNames(node);
      // The implementation of an overload is not a signature.
      if (isDocumented(source, node)) for (const name of names) documented.add(name);
      else if (names.some((name) => !documented.has(name))) add(figures, roomOf(source.path));
    }
  }
  return figures;
}

function countUnusedExports(sources: readonly Source[]): Figures {
  const used = new Map<string, Set<string>>();
  for (const { imports } of sources) {
    for (const { path, names } of imports) {
      const known = used.get(path) ?? new Set();
      used.set(path, known);
      for (const name of names) known.add(name);
    }
  }
  const figures: Figures = {};
  for (const source of sources) {
    const names = used.get(source.path);
    if (names?.has("*") || source.path === "index.ts") continue;
    for (const name of source.body.flatMap(declaredNames)) if (!names?.has(name)) add(figures, roomOf(source.path));
  }
  return figures;
}

/** The words of which a name consists, in lower case. */
function wordsOf(text: string): string[] {
  return (text.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? []).map((word) => word.toLowerCase());
}

function countForbiddenWords(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const { path, text } of sources) {
    if (path === "scripts/tidy/words.ts") continue;
    for (const word of wordsOf(text)) if (FORBIDDEN_WORDS.has(word)) add(figures, word);
  }
  return figures;
}

function countParticiples(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const source of sources) {
    for (const { name } of namedFunctions(source)) {
      if (PARTICIPLES.has(name) || /^(?!need|feed|seed|reseed|speed|embed)[a-z]+ed$/.test(name)) {
        add(figures, roomOf(source.path));
      }
    }
  }
  return figures;
}

/** Citations and links that lead nowhere, each by name, so that the list says what to fix. */
function countDeadReferences(sources: readonly Source[]): Figures {
  const figures: Figures = {};
  for (const { path, reference } of findDeadReferences(readRepository(sources))) add(figures, `${path}: ${reference}`);
  return figures;
}

/** A function's text without its name and layout, so that two copies are equal. */
function shapeOf(source: Source, node: SyntaxNode): string {
  const text = source.text.slice(node.start, node.end);
  return text.replace(/^((?:async )?function\*? ?)\w*/, "$1").replaceAll(/\s+/g, " ");
}

function countDuplicates(sources: readonly Source[]): Figures {
  const places = new Map<string, string[]>();
  for (const source of product(sources)) {
    for (const { name, node } of namedFunctions(source)) {
      // A constructor fills the fields of its own class, so it can't be shared.
      if (name === "constructor") continue;
      // Nor can the broker share anything with the rest: it imports nothing of ours.
      const side = source.path.startsWith("broker/") ? "broker" : "";
      const shape = shapeOf(source, node);
      if (shape.length < DUPLICATE_CHARACTERS_MIN) continue;
      places.set(side + shape, [...(places.get(side + shape) ?? []), `${source.path} ${name}`]);
    }
  }
  const figures: Figures = {};
  for (const [first = "", ...others] of places.values()) if (others.length > 0) figures[first] = others.length;
  return figures;
}

/** Files that import each other's values, directly or through others, by room. */
function countCircles(sources: readonly Source[]): Figures {
  const graph = new Map(
    sources.map(({ path, imports }) => [path, imports.filter(({ typeOnly }) => !typeOnly).map((each) => each.path)]),
  );
  const figures: Figures = {};
  for (const path of graph.keys()) if (reaches(graph, path)) add(figures, roomOf(path));
  return figures;
}

function reaches(graph: ReadonlyMap<string, readonly string[]>, start: string): boolean {
  const seen = new Set<string>();
  const open = [...(graph.get(start) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === start) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(graph.get(next) ?? []));
  }
  return false;
}

/** Pairs of rooms of `conformance/` of which one imports the other. */
function countConformancePairs(sources: readonly Source[]): Figures {
  const pairs = new Set<string>();
  for (const { path, imports, isTest } of sources) {
    if (isTest || !path.startsWith("conformance/")) continue;
    for (const target of imports) {
      const pair = [roomOf(path), roomOf(target.path)].sort();
      if (target.path.startsWith("conformance/") && pair[0] !== pair[1]) pairs.add(pair.join(" "));
    }
  }
  return pairs.size === 0 ? {} : { conformance: pairs.size };
}

/** Every measure, in the order in which they are printed. */
export const MEASURES: readonly Measure[] = [
  { name: "long files", about: `lines of files over ${FILE_LINES_MAX}`, count: countLongFiles },
  { name: "long functions", about: `lines of functions over ${FUNCTION_LINES_MAX}`, count: countLongFunctions },
  { name: "casts", about: "`as` (but `as const`) and `!`, by room", count: countCasts },
  { name: "undocumented exports", about: "exports without a docstring, by room", count: countUndocumentedExports },
  { name: "unused exports", about: "exports that no file imports, by room", count: countUnusedExports },
  { name: "forbidden words", about: "words that docs/glossary.md replaces", count: countForbiddenWords },
  { name: "participles", about: "functions named by a bare participle, by room", count: countParticiples },
  { name: "dead references", about: "links and citations that lead nowhere", count: countDeadReferences },
  { name: "duplicated functions", about: "further copies of a function", count: countDuplicates },
  { name: "circles", about: "files in a circle of imports by values, by room", count: countCircles },
  { name: "conformance pairs", about: "pairs of rooms that know each other", count: countConformancePairs },
];
