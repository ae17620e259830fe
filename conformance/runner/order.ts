import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";

/** Those that take long before the others, which overlap with them. */
export const longestFirst = <T extends { readonly check: { readonly isLong?: boolean } }>(
  planned: readonly T[],
): readonly T[] => [
  ...planned.filter(({ check }) => check.isLong === true),
  ...planned.filter(({ check }) => check.isLong !== true),
];

/** The same things in an order that the seed decides. */
export function shuffle<T>(things: readonly T[], seed: number): readonly T[] {
  const generator = xoroshiro128plus(seed);
  return things
    .map((thing) => ({ thing, at: uniformInt(generator, 0, 0x7fff_ffff) }))
    .sort((a, b) => a.at - b.at)
    .map(({ thing }) => thing);
}
