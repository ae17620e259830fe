/** The longest word to compare, in characters; longer ones are cut. */
const WORD_CHARS_MAX = 100;
const SUGGESTIONS_MAX = 3;

/**
 * The number of characters to insert, delete, replace or swap with their neighbour that turns one word into
 * the other.
 */
function editDistance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const isSwapped = j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swapped = isSwapped ? (before[j - 1] ?? 0) + 1 : Infinity;
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, replaced, swapped));
    }
    [before, row] = [row, next];
  }
  return row.at(-1) ?? 0;
}

/** The words that `word` may have been meant to be: at most three, nearest first, none of them far off. */
export function nearestTo(word: string, words: readonly string[]): readonly string[] {
  const typed = word.toLowerCase().slice(0, WORD_CHARS_MAX);
  const farthest = Math.max(2, Math.ceil(typed.length / 3));
  return words
    .map((each) => ({ each, distance: distanceTo(typed, each.toLowerCase().slice(0, WORD_CHARS_MAX)) }))
    .filter(({ distance }) => distance <= farthest)
    .sort((a, b) => a.distance - b.distance || (a.each < b.each ? -1 : 1))
    .slice(0, SUGGESTIONS_MAX)
    .map(({ each }) => each);
}

/** A word that contains the typed text is near, however long it is. */
function distanceTo(typed: string, word: string): number {
  return typed.length > 2 && word.includes(typed) ? 1 : editDistance(typed, word);
}

/** `; nearest: a, b`, each followed by `ending`; empty if no word is near. */
export function suggestionsFor(word: string, words: readonly string[], ending = ""): string {
  const near = nearestTo(word, words).map((each) => `${each}${ending}`);
  return near.length === 0 ? "" : `; nearest: ${near.join(", ")}`;
}
