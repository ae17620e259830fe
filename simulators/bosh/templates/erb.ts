import { isHash } from "../configs/fields.ts";
import { rubyText } from "./ruby.ts";

/*
 * Renders templates that need no Ruby: texts, properties looked up by name, and blocks that depend on the
 * existence of a property or a link. The result of such a template is known exactly; any other is left to
 * Ruby.
 */

/** The values that a template may read. */
interface SimpleScope {
  /** The properties that the job declares, with their values. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Links by the name under which the job consumes them; absent when not linked. */
  readonly links: Readonly<Record<string, unknown>>;
}

/** The reason why a template can't be rendered, in the words of Ruby. */
export class RenderError extends Error {
  /** `(unknown)` if Ruby does not name it. */
  readonly line: string;

  constructor(line: string, message: string) {
    super(message);
    this.name = "RenderError";
    this.line = line;
  }
}

/** Texts and tags, alternating; undefined if a tag never ends, which Ruby treats in its own way. */
function splitTags(template: string): readonly string[] | undefined {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const from = template.indexOf("<%", at);
    if (from < 0) return [...parts, template.slice(at)];
    const to = template.indexOf("%>", from + 2);
    if (to < 0) return undefined;
    parts.push(template.slice(at, from), template.slice(from, to + 2));
    at = to + 2;
  }
}

/** The text between two tags as `trim_mode: "-"` leaves it: `-%>` swallows the newline after it, `<%-` the blanks before it. */
function trimText(text: string, before: string | undefined, after: string | undefined): string {
  const begun = before?.endsWith("-%>") ? text.replace(/^\n/, "") : text;
  return after?.startsWith("<%-") ? begun.replace(/(^|\n)[ \t]*$/, "$1") : begun;
}

/** A tag that this module understands. */
type Tag =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "property"; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: "spec"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "if"; readonly what: "properties" | "links"; readonly name: string; readonly variable: string }
  | { readonly kind: "end" };

const PROPERTY = /^p\(\s*(["'])([\w.-]+)\1\s*(?:,\s*(?:(["'])([^"'\\#]*)\3|(\d+))\s*)?\)$/;
const BLOCK = /^if_(p|link)\(\s*(["'])([\w.-]+)\2\s*\)\s*do(?:\s*\|\s*(\w+)\s*\|)?$/;
const SPEC = /^spec\.(\w+)$/;

/** Undefined for anything else. */
function readTag(tag: string): Tag | undefined {
  if (tag.startsWith("<%%")) return undefined;
  if (tag.startsWith("<%#")) return { kind: "text", text: "" };
  const code = tag.replace(/^<%[=-]?|-?%>$/g, "").trim();
  if (!tag.startsWith("<%=")) {
    if (code === "end") return { kind: "end" };
    const block = BLOCK.exec(code);
    if (block === null) return undefined;
    const [, what, , name = "", variable = ""] = block;
    return { kind: "if", what: what === "p" ? "properties" : "links", name, variable };
  }
  const property = PROPERTY.exec(code);
  if (property !== null) return { kind: "property", name: property[2] ?? "", fallback: property[4] ?? property[5] };
  const spec = SPEC.exec(code)?.[1];
  if (spec !== undefined) return { kind: "spec", name: spec };
  return /^[a-z_]\w*$/.test(code) ? { kind: "variable", name: code } : undefined;
}

/** The text of a template that needs no Ruby; undefined for any other. @throws RenderError */
export function renderSimply(template: string, scope: SimpleScope): string | undefined {
  if (/^%/m.test(template) && /^%[^>]/m.test(template) && template.includes("<%%")) return undefined;
  const parts = splitTags(template);
  const tags = parts?.map((part, at) => (at % 2 === 0 ? undefined : readTag(part)));
  if (parts === undefined || tags === undefined) return undefined;
  if (tags.some((tag, at) => at % 2 === 1 && tag === undefined) || !isBalanced(tags)) return undefined;
  return new Rendering(scope).run(parts, tags);
}

/** Whether each block ends, and each variable belongs to an enclosing block. */
function isBalanced(tags: readonly (Tag | undefined)[]): boolean {
  const open: string[] = [];
  for (const tag of tags) {
    if (tag?.kind === "if") open.push(tag.variable);
    else if (tag?.kind === "end" && open.pop() === undefined) return false;
    else if (tag?.kind === "variable" && !open.includes(tag.name)) return false;
  }
  return open.length === 0;
}

/** One template being rendered. */
class Rendering {
  readonly #scope: SimpleScope;
  /** For each open block, whether its text is omitted. */
  readonly #hidden: boolean[] = [];
  readonly #variables: { readonly name: string; readonly value: unknown }[] = [];

  constructor(scope: SimpleScope) {
    this.#scope = scope;
  }

  /** Undefined if only Ruby can format a value. @throws RenderError */
  run(parts: readonly string[], tags: readonly (Tag | undefined)[]): string | undefined {
    let out = "";
    let line = 1;
    for (const [at, part] of parts.entries()) {
      const tag = tags[at];
      if (tag !== undefined) {
        const text = this.#follow(tag, line);
        if (text === undefined) return undefined;
        out += text;
      } else if (!this.#hidden.includes(true)) out += trimText(part, parts[at - 1], parts[at + 1]);
      line += part.split("\n").length - 1;
    }
    return out;
  }

  #follow(tag: Tag, line: number): string | undefined {
    if (tag.kind === "if") this.#open(tag);
    else if (tag.kind === "end") {
      this.#hidden.pop();
      this.#variables.pop();
    } else if (!this.#hidden.includes(true)) return this.#write(tag, line);
    return "";
  }

  #open({ what, name, variable }: Extract<Tag, { kind: "if" }>): void {
    const value = lookUp(this.#scope[what], name);
    this.#hidden.push(value === undefined);
    this.#variables.push({ name: variable, value });
  }

  #write(tag: Exclude<Tag, { kind: "if" | "end" }>, line: number): string | undefined {
    if (tag.kind === "text") return tag.text;
    if (tag.kind === "spec") return rubyText(this.#scope.spec[tag.name]);
    if (tag.kind === "variable") return rubyText(this.#variables.findLast(({ name }) => name === tag.name)?.value);
    const value = lookUp(this.#scope.properties, tag.name) ?? tag.fallback;
    if (value === undefined) throw new RenderError(String(line), `Can't find property '["${tag.name}"]'`);
    return rubyText(value);
  }
}

/** The value below nested mappings; undefined for none. */
function lookUp(values: unknown, name: string): unknown {
  let value: unknown = values;
  for (const key of name.split(".")) {
    if (!isHash(value)) return undefined;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value ?? undefined;
}
