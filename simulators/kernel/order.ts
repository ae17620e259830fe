/** Orders texts by their UTF-16 units, for `sort`; unlike `localeCompare`, it gives the same order on every machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Orders entries by their keys, for `Object.entries(…).sort` and the entries of a map. */
export const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number => byText(a[0], b[0]);
