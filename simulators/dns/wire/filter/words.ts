import { type Parsed, Peg } from "./peg.ts";
import { unquote } from "./unquote.ts";

/** The words of the filter language: blanks, selectors, numbers and texts. */
export class FilterWords extends Peg {
  /** Whether nothing but blanks follows. */
  protected ends(): boolean {
    this.space();
    return this.end();
  }

  protected end(): boolean {
    return this.absent(() => this.any());
  }

  /** Blanks, at least one. */
  protected space(): boolean {
    return this.#blanks() !== undefined;
  }

  readonly #blanks: () => Parsed<true> = this.define('"whitespace"', () => {
    const isBlank = (): boolean => this.oneOf(/[ \t\r\n]/, "[ \\t\\r\\n]");
    if (!isBlank()) return undefined;
    while (isBlank());
    return { value: true };
  });

  /** Names joined by dots, or keys in brackets. */
  protected readonly selector: () => Parsed<readonly string[]> = this.define('"selector"', () => {
    const first = this.#identifier();
    if (first === undefined) return undefined;
    const parts = [first.value];
    for (let next = this.#part(); next !== undefined; next = this.#part()) parts.push(next.value);
    return { value: parts };
  });

  #identifier(): Parsed<string> {
    const start = this.at;
    if (!this.oneOf(/[a-zA-Z]/, "[a-zA-Z]")) return undefined;
    while (this.oneOf(/[a-zA-Z0-9_]/, "[a-zA-Z0-9_]"));
    return { value: this.from(start) };
  }

  #part(): Parsed<string> {
    return this.attempt(() => (this.literal(".") ? this.#identifier() : undefined)) ?? this.#index();
  }

  readonly #index: () => Parsed<string> = this.define('"index"', () => {
    const open = (): boolean => {
      if (!this.literal("[")) return false;
      this.space();
      return true;
    };
    const whole = this.attempt(() => {
      const key = open() ? this.string() : undefined;
      if (key !== undefined) this.space();
      return key !== undefined && this.literal("]") ? key : undefined;
    });
    if (whole !== undefined) return whole;
    const refused = this.attempt(() => {
      if (open() && this.absent(() => this.string())) this.refuse("Invalid index");
      return undefined;
    });
    if (refused === undefined && open() && this.string() !== undefined) {
      this.space();
      if (this.absent(() => this.literal("]"))) this.refuse("Unclosed index expression");
    }
    return undefined;
  });

  /** What is compared with: a name, a number or a text. */
  protected readonly value: () => Parsed<string> = this.define('"value"', () => {
    const selector = this.selector();
    if (selector !== undefined) return { value: selector.value.join(".") };
    return this.#number() ?? this.string();
  });

  readonly #number: () => Parsed<string> = this.define('"number"', () => {
    const start = this.at;
    const digits = (): boolean => {
      this.literal("-");
      if (this.literal("0")) return this.#fraction();
      if (!this.oneOf(/[1-9]/, "[1-9]")) return false;
      while (this.oneOf(/[0-9]/, "[0-9]"));
      return this.#fraction();
    };
    const whole = this.attempt(() => (digits() && this.#endsNumber() ? { value: this.from(start) } : undefined));
    if (whole !== undefined) return whole;
    if (digits() && this.absent(() => this.#endsNumber())) this.refuse("Invalid number literal");
    return undefined;
  });

  /** What may follow whole digits; always true. */
  #fraction(): boolean {
    this.attempt(() => {
      if (!this.literal(".") || !this.oneOf(/[0-9]/, "[0-9]")) return undefined;
      while (this.oneOf(/[0-9]/, "[0-9]"));
      return { value: true };
    });
    return true;
  }

  #endsNumber(): boolean {
    const from = this.at;
    const found = this.space() || this.end() || this.literal(")");
    this.at = from;
    return found;
  }

  protected readonly string: () => Parsed<string> = this.define('"string"', () => {
    const start = this.at;
    const body = (quote: string): boolean => {
      if (!this.literal(quote)) return false;
      while (this.absent(() => this.literal(quote)) && this.any());
      return true;
    };
    for (const quote of ["`", '"']) {
      const closed = this.attempt(() => (body(quote) && this.literal(quote) ? { value: true } : undefined));
      if (closed === undefined) continue;
      const text = unquote(this.from(start));
      if (text === undefined) this.refuse("invalid syntax", start);
      return { value: text ?? "" };
    }
    for (const quote of ["`", '"'])
      this.attempt(() => {
        if (body(quote) && this.end()) this.refuse("Unterminated string literal");
        return undefined;
      });
    return undefined;
  });
}
