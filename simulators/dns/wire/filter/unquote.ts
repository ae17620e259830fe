const SIMPLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))|\\/g;

/** The text that a literal in quotes or backquotes stands for, as Go reads it; undefined where Go refuses it. */
export function unquote(literal: string): string | undefined {
  const inner = literal.slice(1, -1);
  if (literal.startsWith("`")) return inner.replaceAll("\r", "");
  if (inner.includes("\n")) return undefined;
  let isValid = true;
  const text = inner.replaceAll(
    ESCAPE,
    (_whole, simple?: string, hex?: string, octal?: string, short?: string, long?: string) => {
      if (simple !== undefined) return SIMPLE[simple] ?? "";
      const code = octal === undefined ? Number.parseInt(hex ?? short ?? long ?? "", 16) : Number.parseInt(octal, 8);
      if (Number.isNaN(code) || code > 0x10_ffff) {
        isValid = false;
        return "";
      }
      return String.fromCodePoint(code);
    },
  );
  return isValid ? text : undefined;
}
