/** Draws from a list: up to `count` different ones, in any order; if negative, exactly that many, possibly with repetitions. */
export function draw<T>(from: readonly T[], count: number, random: () => number): readonly T[] {
  const pick = (list: readonly T[]): readonly T[] => list.slice(Math.floor(random() * list.length)).slice(0, 1);
  if (count < 0) return Array.from({ length: from.length === 0 ? 0 : -count }, () => pick(from)).flat();
  const left = [...from];
  const drawn: T[] = [];
  while (drawn.length < count && left.length > 0) drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  return drawn;
}
