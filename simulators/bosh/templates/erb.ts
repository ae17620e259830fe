import { digestOf } from "./digest.ts";
import { rubyInstance } from "./ruby.ts";
import { own } from "../../kernel/index.ts";

/*
 * Job templates are Ruby. The simulated part is what decides a deploy: which properties a template reads, whether they exist, and whether
 * its text changes. Lookups, `if_p`, `if_link` and `spec` are evaluated; any other expression becomes a digest of everything that the
 * template could have read.
 */

interface TemplateScope {
  /** Effective properties by full name; undefined or null when there is no value. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Links by the name under which the job consumes them; absent when not linked. */
  readonly links: Readonly<Record<string, unknown>>;
}

/** Why a template can't be rendered, in the words of Ruby. */
export class RenderError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.name = "RenderError";
    this.line = line;
  }
}

const TEXT_METHODS: Readonly<Record<string, (text: string) => string>> = {
  upcase: (text) => text.toUpperCase(),
  downcase: (text) => text.toLowerCase(),
  strip: (text) => text.trim(),
  chomp: (text) => text.replace(/\n$/, ""),
};

const LOOKUP = /(?<![.\w])p\(\s*(['"])([\w.-]+)\1\s*(,[^)]*)?\)/g;

/** Text and tags in turn. A tag that never ends is text. */
function splitTags(template: string): readonly string[] {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const from = template.indexOf("<%", at);
    const to = from < 0 ? -1 : template.indexOf("%>", from + 2);
    if (to < 0) return [...parts, template.slice(at)];
    parts.push(template.slice(at, from), template.slice(from, to + 2));
    at = to + 2;
  }
}

/** The text between two tags as `trim_mode: "-"` leaves it: `-%>` swallows the newline after it, `<%-` the blanks before it. */
function trimText(text: string, before: string | undefined, after: string | undefined): string {
  const begun = before?.endsWith("-%>") ? text.replace(/^\n/, "") : text;
  return after?.startsWith("<%-") ? begun.replace(/(^|\n)[ \t]*$/, "$1") : begun;
}

/** The text of a template. @throws RenderError */
export function renderTemplate(template: string, scope: TemplateScope): string {
  let out = "";
  let line = 1;
  const skipping: boolean[] = [];
  const parts = splitTags(template);
  for (const [index, part] of parts.entries()) {
    const isHidden = skipping.includes(true);
    if (index % 2 === 1) out += renderTag(part, scope, line, skipping, isHidden);
    else if (!isHidden) out += trimText(part, parts[index - 1], parts[index + 1]);
    line += part.split("\n").length - 1;
  }
  return out;
}

function renderTag(text: string, scope: TemplateScope, line: number, skipping: boolean[], isHidden: boolean): string {
  // `<%%` stands for itself.
  if (text.startsWith("<%%")) return isHidden ? "" : `<%${text.slice("<%%".length)}`;
  if (text.startsWith("<%#")) return "";
  const code = text.replace(/^<%[=-]?|-?%>$/g, "").trim();
  if (text.startsWith("<%=")) return isHidden ? "" : evaluateExpression(code, scope, line);
  followBlock(code, scope, skipping);
  return "";
}

/** Opens or closes a block; a block whose condition fails is skipped. */
function followBlock(code: string, scope: TemplateScope, skipping: boolean[]): void {
  const link = /^if_link\(\s*['"]([\w.-]+)['"]\s*\)/.exec(code);
  const property = /^if_p\(\s*['"]([\w.-]+)['"]\s*\)/.exec(code);
  if (link !== null) skipping.push(scope.links[link[1] ?? ""] === undefined);
  else if (property !== null) skipping.push(valueOf(scope, property[1] ?? "") === undefined);
  else if (code === "end") skipping.pop();
  else if (/\bdo\b(\s*\|[^|]*\|)?$|^(if|unless|case|while|for)\b/.test(code)) skipping.push(false);
}

const valueOf = ({ properties }: TemplateScope, name: string): unknown => properties[name] ?? undefined;

function evaluateExpression(code: string, scope: TemplateScope, line: number): string {
  for (const match of code.matchAll(LOOKUP)) {
    const name = match[2] ?? "";
    if (match[3] === undefined && valueOf(scope, name) === undefined)
      throw new RenderError(line, `Can't find property '["${name}"]'`);
  }
  const simple = /^p\(\s*(['"])([\w.-]+)\1\s*(?:,\s*(['"]?)(.*?)\3\s*)?\)((?:\.\w+)*)$/.exec(code);
  if (simple !== null) {
    const value = valueOf(scope, simple[2] ?? "") ?? simple[4];
    const methods = (simple[5] ?? "").split(".").slice(1);
    return String(methods.reduce((text: unknown, method) => applyMethod(text, method, line), value));
  }
  const spec = /^spec\.(\w+)$/.exec(code);
  if (spec !== null) return String(scope.spec[spec[1] ?? ""] ?? "");
  return digestOf([code, scope.properties, scope.spec, scope.links]);
}

function applyMethod(value: unknown, method: string, line: number): unknown {
  if (method === "to_s") return String(value);
  if (method === "to_json") return JSON.stringify(value);
  const text = own(TEXT_METHODS, method);
  if (text === undefined) return digestOf([value, method]);
  if (typeof value !== "string") throw new RenderError(line, `undefined method '${method}' for ${rubyInstance(value)}`);
  return text(value);
}
