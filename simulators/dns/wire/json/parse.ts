/** A JSON value as written; numbers keep their digits. */
export type Json =
  | { readonly kind: "null" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly Json[] }
  | { readonly kind: "object"; readonly members: readonly (readonly [string, Json])[] };

/** A text that is not JSON; the message is Go's. */
export class JsonError extends Error {}

/** Go's own limit is 10,000; the stack of this machine holds less, and no body of Consul's API is nearly that deep. */
const DEPTH_MAX = 500;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const isDigit = (character: string): boolean => character >= "0" && character <= "9";

/** Reads the first JSON value of a text; what follows it is ignored, as a stream decoder does. @throws JsonError */
export function parseJson(text: string): Json {
  checkDepth(text);
  return new Parser(text).first();
}

/** Looks at the brackets only, and refuses a value that nests too deeply or is cut off. @throws JsonError */
function checkDepth(text: string): void {
  let [depth, deepest] = [0, 0];
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) isString = false;
    } else if (code === 0x22) isString = true;
    else if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  if (deepest > DEPTH_MAX) throw new JsonError(depth > 0 ? "unexpected EOF" : "exceeded max depth");
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  first(): Json {
    this.#space();
    if (this.#at >= this.#text.length) throw new JsonError("EOF");
    return this.#value();
  }

  #space(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #peek(): string {
    this.#space();
    return this.#text[this.#at] ?? this.#cut();
  }

  #cut(): never {
    throw new JsonError("unexpected EOF");
  }

  #wrong(where: string): never {
    const character = this.#text[this.#at] ?? this.#cut();
    const shown = character === "'" ? `'\\''` : character === '"' ? `'"'` : `'${character}'`;
    throw new JsonError(`invalid character ${shown} ${where}`);
  }

  #value(): Json {
    const next = this.#peek();
    if (next === "{") return this.#object();
    if (next === "[") return this.#array();
    if (next === '"') return { kind: "string", value: this.#string() };
    if (next === "t") return this.#literal("true", { kind: "bool", value: true });
    if (next === "f") return this.#literal("false", { kind: "bool", value: false });
    if (next === "n") return this.#literal("null", { kind: "null" });
    if (next === "-" || (next >= "0" && next <= "9")) return this.#number();
    return this.#wrong("looking for beginning of value");
  }

  #literal(word: string, value: Json): Json {
    for (let at = 0; at < word.length; at++, this.#at++)
      if (this.#text[this.#at] !== word[at]) this.#wrong(`in literal ${word} (expecting '${word[at]}')`);
    return value;
  }

  #number(): Json {
    const start = this.#at;
    if (this.#text[this.#at] === "-") this.#at++;
    if (this.#text[this.#at] === "0") this.#at++;
    else this.#digits("in numeric literal");
    if (this.#text[this.#at] === ".") {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (/[eE]/.test(this.#text[this.#at] ?? "")) {
      this.#at++;
      if (/[+-]/.test(this.#text[this.#at] ?? "")) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
    return { kind: "number", text: this.#text.slice(start, this.#at) };
  }

  /** Reads at least one digit. */
  #digits(where: string): void {
    if (!isDigit(this.#text[this.#at] ?? this.#cut())) this.#wrong(where);
    while (isDigit(this.#text[this.#at] ?? "")) this.#at++;
  }

  #string(): string {
    let value = "";
    for (this.#at++; ; this.#at++) {
      const character = this.#text[this.#at] ?? this.#cut();
      if (character === '"') break;
      if (character < " ") this.#wrong("in string literal");
      value += character === "\\" ? this.#escape() : character;
    }
    this.#at++;
    return value;
  }

  #escape(): string {
    const character = this.#text[++this.#at] ?? this.#cut();
    if (character !== "u") return ESCAPES[character] ?? this.#wrong("in string escape code");
    const digits = this.#text.slice(this.#at + 1, this.#at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      if (digits.length < 4) this.#cut();
      this.#at += 1 + digits.search(/[^0-9a-fA-F]/);
      return this.#wrong("in \\u hexadecimal character escape");
    }
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #array(): Json {
    const items: Json[] = [];
    this.#at++;
    if (this.#peek() === "]") this.#at++;
    else
      for (let more = true; more; ) {
        items.push(this.#value());
        more = this.#more("]", "after array element");
      }
    return { kind: "array", items };
  }

  #more(end: string, where: string): boolean {
    const next = this.#peek();
    if (next !== "," && next !== end) this.#wrong(where);
    this.#at++;
    return next === ",";
  }

  #object(): Json {
    const members: (readonly [string, Json])[] = [];
    this.#at++;
    if (this.#peek() === "}") {
      this.#at++;
      return { kind: "object", members };
    }
    for (let more = true; more; ) {
      if (this.#peek() !== '"') this.#wrong("looking for beginning of object key string");
      const key = this.#string();
      if (this.#peek() !== ":") this.#wrong("after object key");
      this.#at++;
      members.push([key, this.#value()]);
      more = this.#more("}", "after object key:value pair");
    }
    return { kind: "object", members };
  }
}
