import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
  YAMLParseError,
  type YAMLSeq,
} from "yaml";
import { isDeeper, isObject } from "../../kernel/index.ts";
import { inspect } from "./ruby.ts";
import { askRuby, hasRuby, RubyFailure } from "./ruby-thread.ts";
import { readScalar, toFloat } from "./yaml-scalars.ts";
import { disallowedClass, syntaxError, YamlError } from "./yaml-errors.ts";

/** How deeply lists and mappings may nest: the code that works on them recurses. */
const DEPTH_MAX = 200;

/** The most values in a document whose aliases are expanded. */
const UNFOLDED_MAX = 1_000_000;

/** The options of a load. */
interface LoadOptions {
  /** Whether a value may be reused by its anchor. True by default. */
  readonly aliases?: boolean;
  /** Whether symbols are permitted. True by default. */
  readonly symbols?: boolean;
}

/**
 * The first document of a YAML text as the director's Ruby loads it: `YAML.safe_load(text, permitted_classes: [Symbol], aliases: true)` of
 * psych 5.3, YAML 1.1. `undefined` when there is none. Keys are texts: `on:` becomes `true`. Aliases that
 * expand without end, and values that contain themselves, are refused: Ruby would accept them until something
 * walks through them.
 *
 * @throws YamlError
 */
export function readYaml(text: string, { aliases = true, symbols = true }: LoadOptions = {}): unknown {
  try {
    if (FORBIDDEN.test(text)) throw new ControlCharacter("control characters are not allowed");
    if (isDeeper(text, DEPTH_MAX)) throw new Error(`nested deeper than ${DEPTH_MAX}`);
    const document = firstDocument(text);
    if (document === undefined) return undefined;
    const value = new Loader(aliases, symbols).load(document.contents, 0);
    measure(value, new Set(), new Map());
    return value;
  } catch (error) {
    if (error instanceof YamlError) throw error;
    // The parser's own errors, our limits, and a stack overflow by nested blocks.
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof YAMLParseError || error instanceof ControlCharacter) {
      const answer = askPsych(text, { aliases, symbols });
      if (answer !== undefined && "value" in answer) return answer.value;
      if (answer !== undefined) throw answer.error;
    }
    throw new YamlError("Psych::SyntaxError", syntaxError(text, message));
  }
}

/** Characters that YAML forbids everywhere; the parser accepts some of them. */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/;

class ControlCharacter extends Error {}

/** The error in Psych's own words, if Ruby is installed and the text would not keep it busy. */
function askPsych(
  text: string,
  options: Required<LoadOptions>,
): { readonly value: unknown } | { readonly error: YamlError } | undefined {
  if (text.length > PSYCH_CHARS_MAX || !hasRuby()) return undefined;
  try {
    const answer = askRuby({ kind: "load", text, ...options });
    if (answer.class === undefined) return { value: answer.value };
    return { error: new YamlError(String(answer.class), String(answer.message)) };
  } catch (error) {
    if (error instanceof RubyFailure) return undefined;
    throw error;
  }
}

const PSYCH_CHARS_MAX = 1_000_000;

/** A document whose scalars are still texts: Psych's rules decide what they are. */
function firstDocument(text: string): Document.Parsed | undefined {
  const [document] = parseAllDocuments(text, {
    logLevel: "silent",
    resolveKnownTags: false,
    schema: "failsafe",
    uniqueKeys: false,
    version: "1.1",
  });
  const [error] = document?.errors ?? [];
  if (error !== undefined) throw error;
  return document;
}

const YAML_TAG = "tag:yaml.org,2002:";

/** The class that a tag asks for. Psych creates objects only for these tags. */
const CLASS_TAG = /^!(?:ruby\/([a-z-]+)|map|seq|str):?(.*)$/;

const PERMITTED_KINDS: ReadonlySet<string | undefined> = new Set(["sym", "symbol", "string", "array", "hash"]);

/** @throws YamlError for a tag that asks for an object of a class: the director permits none but Symbol */
function checkTag(tag: string | undefined): void {
  if (tag === `${YAML_TAG}set` || tag === "!set") throw disallowedClass("Psych::Set");
  const match = CLASS_TAG.exec(tag ?? "");
  if (match === null) return;
  const [, kind, name = ""] = match;
  if (kind === "sym" || kind === "symbol" || (kind === "object" && name === "Hash")) return;
  if (name !== "") throw disallowedClass(name);
  if (kind !== undefined && !PERMITTED_KINDS.has(kind))
    throw disallowedClass(`${kind.charAt(0).toUpperCase()}${kind.slice(1)}`);
}

/** Walks the nodes of a document as Psych's ToRuby does (psych 5.3, to_ruby.rb). */
class Loader {
  readonly #aliases: boolean;
  readonly #symbols: boolean;
  /** Anchored values, known before their contents. */
  readonly #anchors = new Map<string, unknown>();

  constructor(aliases: boolean, symbols: boolean) {
    this.#aliases = aliases;
    this.#symbols = symbols;
  }

  load(node: unknown, depth: number): unknown {
    if (depth > DEPTH_MAX) throw new Error(`nested deeper than ${DEPTH_MAX}`);
    if (isAlias(node)) return this.#resolve(node.source);
    if (isScalar(node)) return this.#register(node.anchor, this.#scalar(node));
    if (isSeq(node)) return this.#list(node, depth);
    return isMap(node) ? this.#hash(node, depth) : null;
  }

  #resolve(anchor: string): unknown {
    if (!this.#aliases)
      throw new YamlError(
        "Psych::AliasesNotEnabled",
        "Alias parsing was not enabled. To enable it, pass `aliases: true` to `Psych::load` or `Psych::safe_load`.",
      );
    if (this.#anchors.has(anchor)) return this.#anchors.get(anchor);
    throw new YamlError("Psych::AnchorNotDefined", `An alias referenced an unknown anchor: ${anchor}`);
  }

  #register<T>(anchor: string | undefined, value: T): T {
    if (anchor !== undefined) this.#anchors.set(anchor, value);
    return value;
  }

  #scalar({ tag, type, value }: Scalar): unknown {
    const text = String(value ?? "");
    checkTag(tag);
    if (tag === undefined) return type === "PLAIN" ? readScalar(text, this.#symbols) : text;
    if (tag === `${YAML_TAG}str` || tag === "!str" || tag === "!ruby/string") return text;
    if (tag === `${YAML_TAG}binary` || tag === "!binary") return Buffer.from(text, "base64").toString("utf8");
    if (tag.startsWith("!ruby/sym")) return `:${text}`;
    const read = readScalar(text, this.#symbols);
    return tag === `${YAML_TAG}float` || tag === "!float" ? toFloat(read) : read;
  }

  #list(node: YAMLSeq, depth: number): unknown {
    checkTag(node.tag);
    if (node.tag === `${YAML_TAG}omap` || node.tag === "!omap") {
      const hash = this.#register<Record<string, unknown>>(node.anchor, {});
      for (const item of node.items) if (isMap(item)) this.#fill(hash, item, depth + 1);
      return hash;
    }
    const list = this.#register<unknown[]>(node.anchor, []);
    for (const item of node.items) list.push(this.load(item, depth + 1));
    return list;
  }

  #hash(node: YAMLMap, depth: number): unknown {
    checkTag(node.tag);
    return this.#fill(this.#register<Record<string, unknown>>(node.anchor, {}), node, depth);
  }

  /** Pairs in order: the last pair of a key wins, and merged pairs win over those before them. */
  #fill(hash: Record<string, unknown>, node: YAMLMap, depth: number): Record<string, unknown> {
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const key = this.load(pair.key, depth + 1);
      const value = this.load(pair.value, depth + 1);
      const isText = isScalar(pair.key) && pair.key.tag === `${YAML_TAG}str`;
      const merged = key === "<<" && !isText ? hashesToMerge(pair.value, value) : undefined;
      for (const each of merged ?? []) for (const [name, inner] of Object.entries(each)) set(hash, name, inner);
      if (merged === undefined) set(hash, keyText(key), value);
    }
    return hash;
  }
}

/**
 * The pairs of a merge key, the winning one last; undefined if its value can't be merged: then `<<` is a key
 * like any other.
 */
function hashesToMerge(node: unknown, value: unknown): readonly object[] | undefined {
  if (isSeq(node) && Array.isArray(value)) return value.every(isObject) ? value.toReversed() : undefined;
  return isObject(value) ? [value] : undefined;
}

/** A key as Ruby's `to_s` writes it. */
const keyText = (key: unknown): string => (typeof key === "string" ? key : key === null ? "" : inspect(key));

/** Sets an own property, even for a name such as `__proto__`. */
const set = (hash: Record<string, unknown>, name: string, value: unknown): void => {
  Object.defineProperty(hash, name, { value, configurable: true, enumerable: true, writable: true });
};

interface Measure {
  readonly depth: number;
  readonly values: number;
}

/** `above` holds the values that contain this one. A value in several places is measured once and counted each time. */
function measure(value: unknown, above: ReadonlySet<object>, known: Map<object, Measure>): Measure {
  if (typeof value !== "object" || value === null) return { depth: 0, values: 1 };
  if (above.has(value)) throw new Error("a value contains itself");
  const before = known.get(value);
  if (before !== undefined) return before;
  const here = new Set([...above, value]);
  const inner = Object.values(value).map((each) => measure(each, here, known));
  const result = {
    depth: 1 + inner.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
    values: 1 + inner.reduce((sum, { values }) => sum + values, 0),
  };
  if (result.depth > DEPTH_MAX) throw new Error(`nested deeper than ${DEPTH_MAX}`);
  if (result.values > UNFOLDED_MAX) throw new Error(`more than ${UNFOLDED_MAX} values with its aliases expanded`);
  known.set(value, result);
  return result;
}
