import { readSources, isNode, nameOf, type Source, type SyntaxNode } from "../tidy/source.ts";

const ENTRY = "index.ts";

/** Something that the library exports. */
interface Exported {
  readonly name: string;
  readonly path: string;
  /** How it is declared, without its body. */
  readonly declaration: string;
  /** The text of its docstring. */
  readonly prose: string;
}

const nodesOf = (value: unknown): readonly SyntaxNode[] => (Array.isArray(value) ? value.filter(isNode) : []);

/** The names that a declaration gives: one, or several of a `const`. */
function namesOf(declaration: SyntaxNode): readonly string[] {
  if (declaration.type === "VariableDeclaration")
    return nodesOf(declaration["declarations"]).map((each) => nameOf(each["id"]));
  return [nameOf(declaration["id"])];
}

/** The docstring that stands immediately before an offset, without its stars. */
function proseBefore(text: string, offset: number): string {
  const before = text.slice(0, offset).trimEnd();
  const start = before.lastIndexOf("/**");
  if (!before.endsWith("*/") || start === -1) return "";
  return before
    .slice(start + 3, -2)
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trimEnd())
    .join("\n")
    .trim();
}

/** A class without private members and without bodies. */
function classText(text: string, declaration: SyntaxNode): string {
  const body = declaration["body"];
  if (!isNode(body)) return "";
  const members = nodesOf(body["body"]).flatMap((member) => {
    if (isNode(member["key"]) && member["key"].type === "PrivateIdentifier") return [];
    const value = member["value"];
    const inner = isNode(value) ? value["body"] : undefined;
    const end = isNode(inner) ? inner.start : member.end;
    return [`  ${text.slice(member.start, end).trim().replace(/;?$/, ";")}`];
  });
  return `${text.slice(declaration.start, body.start)}{\n${members.join("\n")}\n}`;
}

/** A declaration as a user of the library needs it: functions, classes and constants without what they do. */
function declarationText(text: string, declaration: SyntaxNode, name: string): string {
  if (declaration.type === "ClassDeclaration") return classText(text, declaration);
  const body = declaration["body"];
  if (declaration.type === "FunctionDeclaration" && isNode(body))
    return text.slice(declaration.start, body.start).trim();
  if (declaration.type !== "VariableDeclaration") return text.slice(declaration.start, declaration.end);
  const one = nodesOf(declaration["declarations"]).find((each) => nameOf(each["id"]) === name);
  const init = one?.["init"];
  const arrow =
    isNode(init) && init.type === "ArrowFunctionExpression" && isNode(init["body"]) ? init["body"].start : undefined;
  const id = one?.["id"];
  const end = arrow ?? (isNode(id) ? id.end : declaration.end);
  return `const ${text.slice(one?.start ?? declaration.start, end).trim()}`;
}

/** Finds where an exported name is declared, through any number of re-exporting files. */
class Exports {
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(sources: readonly Source[]) {
    this.#sources = new Map(sources.map((source) => [source.path, source]));
  }

  /** Everything that a file exports. */
  *of(path: string): Generator<Exported> {
    const source = this.#sources.get(path);
    for (const node of source?.body ?? []) {
      if (source === undefined) return;
      if (node.type === "ExportAllDeclaration") yield* this.of(this.#target(source, node));
      if (node.type === "ExportNamedDeclaration") yield* this.#passedOn(source, node);
    }
  }

  *#passedOn(source: Source, node: SyntaxNode): Generator<Exported> {
    const { declaration } = node;
    const { path, text } = source;
    if (isNode(declaration))
      for (const name of namesOf(declaration))
        yield {
          name,
          path,
          declaration: declarationText(text, declaration, name),
          prose: proseBefore(text, node.start),
        };
    for (const specifier of nodesOf(node["specifiers"])) {
      const [local, name] = [nameOf(specifier["local"]), nameOf(specifier["exported"])];
      for (const found of this.of(this.#target(source, node))) if (found.name === local) yield { ...found, name };
    }
  }

  #target({ path, imports }: Source, node: SyntaxNode): string {
    const specifier = isNode(node["source"]) ? nameOf(node["source"]) : "";
    const file = specifier.split("/").at(-1) ?? "";
    return (
      imports.find((each) => each.path.endsWith(`/${file}`) && specifierLeads(path, specifier, each.path))?.path ?? ""
    );
  }
}

const specifierLeads = (from: string, specifier: string, to: string): boolean =>
  new URL(specifier, `file:///${from}`).pathname === `/${to}`;

/** Turns a docstring into Markdown: `@throws` and `@param` become lines of their own. */
const proseMarkdown = (prose: string): string =>
  prose.replaceAll(/\s*@throws\s+/g, "\n\nThrows ").replaceAll(/\s*@param\s+(\w+)\s+/g, "\n\n`$1`: ");

/** The page of everything that the library exports, by name, from the sources. */
export function apiPage(): string {
  const all = [...new Exports(readSources()).of(ENTRY)];
  const byName = new Map(all.map((each) => [each.name, each]));
  const sections = [...byName.values()]
    .toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    .map(({ name, path, declaration, prose }) =>
      [`## ${name}`, proseMarkdown(prose), `\`\`\`ts\n${declaration}\n\`\`\``, `Source: \`${path}\``].join("\n\n"),
    );
  return [
    "<!-- Generated by scripts/reference/index.ts from the sources; change the docstrings there. -->",
    "# What the library exports",
    `${byName.size} names, from \`import { … } from "drydock-broker-conformance"\`. Examples that run are in [the README](../../README.md) and in \`examples/\`.`,
    ...sections,
    "",
  ].join("\n\n");
}
