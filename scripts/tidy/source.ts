import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseAst } from "vite";

/** A node of the syntax tree (ESTree with TypeScript); offsets count UTF-16 units of the source. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** One source file with its syntax tree. */
export interface Source {
  /** Relative to the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly body: readonly SyntaxNode[];
  readonly imports: readonly Import[];
  readonly isTest: boolean;
}

/** The imports of one file from another. */
interface Import {
  /** The imported file, relative to the root of the repository. */
  readonly path: string;
  /** The imported names; `*` for the whole module. */
  readonly names: readonly string[];
  /** Whether it disappears once types are erased. */
  readonly typeOnly: boolean;
}

const PATTERN = "{index.ts,{simulators,broker,conformance,scenarios,reports,cli,scripts,bench}/**/*.{ts,tsx}}";

/** Tests, and what only tests and benchmarks use: measured for words, not for length or docstrings. */
const TEST = /\.test\.ts$|\/testing\/|\/testing\.ts$|^bench\/|\/fixtures\//;

/** Whether a value is a node of a syntax tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

const walked = new WeakMap<SyntaxNode, readonly SyntaxNode[]>();

/** `node` and every node below it, parents first. They are kept with it, as each measure walks every file. */
export function walk(node: SyntaxNode): readonly SyntaxNode[] {
  const known = walked.get(node);
  if (known !== undefined) return known;
  const nodes: SyntaxNode[] = [];
  collect(node, nodes);
  walked.set(node, nodes);
  return nodes;
}

function collect(node: SyntaxNode, into: SyntaxNode[]): void {
  into.push(node);
  for (const name in node) {
    const value = node[name];
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child)) collect(child, into);
    } else if (isNode(value)) collect(value, into);
  }
}

/** The line, from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** The name of an identifier, private name or literal; `""` for anything else. */
export function nameOf(node: unknown): string {
  if (!isNode(node)) return "";
  return String(node["name"] ?? node["value"] ?? "");
}

function nodesOf(value: unknown): SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function importOf(path: string, node: SyntaxNode): Import | undefined {
  const specifier = isNode(node["source"]) ? node["source"]["value"] : undefined;
  if (typeof specifier !== "string" || !specifier.startsWith(".")) return undefined;
  const specifiers = nodesOf(node["specifiers"]);
  const kinds = specifiers.map((each) => each["importKind"] ?? each["exportKind"]);
  const all = node["importKind"] === "type" || node["exportKind"] === "type";
  return {
    path: normalize(join(dirname(path), specifier)).replaceAll("\\", "/"),
    names: specifiers.length === 0 ? ["*"] : specifiers.map((each) => importedName(each)),
    typeOnly: all || (specifiers.length > 0 && kinds.every((kind) => kind === "type")),
  };
}

function importedName(specifier: SyntaxNode): string {
  if (specifier.type === "ImportNamespaceSpecifier") return "*";
  return specifier.type === "ImportDefaultSpecifier" ? "default" : nameOf(specifier["imported"] ?? specifier["local"]);
}

function parse(path: string): Source {
  const text = readFileSync(path, "utf8");
  const body: SyntaxNode[] = nodesOf(parseAst(text, { lang: path.endsWith("x") ? "tsx" : "ts" }).body);
  const imports = body.flatMap((top) =>
    walk(top).flatMap((node) =>
      /^(Import|ExportNamed|ExportAll)Declaration$|^ImportExpression$/.test(node.type)
        ? (importOf(path, node) ?? [])
        : [],
    ),
  );
  return { path, text, body, imports, isTest: TEST.test(path) };
}

/** Reads every source in the working directory, sorted by path; generated files are left out. */
export function readSources(): Source[] {
  return globSync(PATTERN)
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !path.includes(".generated.") && !path.includes("node_modules"))
    .sort()
    .map(parse);
}

/** The room that a file is in: its first two folders, or the first if there is no second. */
export function roomOf(path: string): string {
  const folders = dirname(path).split("/");
  return folders.slice(0, 2).join("/");
}
