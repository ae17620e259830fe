/** Longest word that is compared, in characters; what is longer is cut. */
const WORD_CHARS_MAX = 100;
const SUGGESTIONS_MAX = 3;

/** How many characters have to be put in, left out, replaced, or swapped with their neighbour to make one word of the other. */
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

/** The words that somebody who typed `word` may have meant, nearest first; at most three, and none that is far off. */
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

/** A word that holds what was typed is near, however long it is. */
function distanceTo(typed: string, word: string): number {
  return typed.length > 2 && word.includes(typed) ? 1 : editDistance(typed, word);
}

/** `; nearest: a, b`, each with `ending` behind it, or nothing where no word is near. */
export function suggestionsFor(word: string, words: readonly string[], ending = ""): string {
  const near = nearestTo(word, words).map((each) => `${each}${ending}`);
  return near.length === 0 ? "" : `; nearest: ${near.join(", ")}`;
}
