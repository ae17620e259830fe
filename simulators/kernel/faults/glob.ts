/** Compiles a pattern in which `*` stands for any run of characters, none included. Matching takes time linear in the text for each `*`. */
export function compileGlob(pattern: string): (text: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** One character, or a run of any number of them. */
interface Piece {
  /** Just this character; `undefined` for any but those in `not`. */
  readonly literal: string | undefined;
  readonly not: string;
  readonly isRun: boolean;
}

const literal = (text: string): Piece => ({ literal: text, not: "", isRun: false });
const any = (not: string): Piece => ({ literal: undefined, not, isRun: false });
const run = (not: string): Piece => ({ literal: undefined, not, isRun: true });

const piecesOfPattern = (pattern: string): readonly Piece[] =>
  Array.from(pattern, (each) => (each === "*" ? run("") : literal(each)));

/** A segment `:name` is one character or more without a slash, `*name` one or more of any. */
function piecesOfTemplate(template: string): readonly Piece[] {
  return template.split("/").flatMap((segment, at) => {
    const slash = at === 0 ? [] : [literal("/")];
    if (segment.startsWith(":")) return [...slash, any("/"), run("/")];
    if (segment.startsWith("*")) return [...slash, any(""), run("")];
    return [...slash, ...Array.from(segment, literal)];
  });
}

const takes = (piece: Piece, text: string): boolean =>
  piece.literal === undefined ? piece.not !== text : piece.literal === text;

/** Is there a path of this template (`/servers/:id`) that the pattern matches? */
export function meetsTemplate(pattern: string, template: string): boolean {
  const [wanted, given] = [piecesOfPattern(pattern), piecesOfTemplate(template)];
  const width = given.length + 1;
  const seen = new Set<number>();
  const open: [number, number][] = [[0, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [at, there] = next;
    if (seen.has(at * width + there)) continue;
    seen.add(at * width + there);
    const [a, b] = [wanted[at], given[there]];
    if (a === undefined && b === undefined) return true;
    if (a?.isRun) open.push([at + 1, there]);
    if (b?.isRun) open.push([at, there + 1]);
    if (a === undefined || b === undefined) continue;
    if (a.isRun && !b.isRun) open.push([at, there + 1]);
    if (a.literal !== undefined && takes(b, a.literal)) open.push([at + 1, b.isRun ? there : there + 1]);
  }
  return false;
}
