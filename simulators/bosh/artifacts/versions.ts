/** Order of `1`, `1.2`, `1.10`: numbers compared as numbers, the rest as text. */
export function compareVersions(a: string, b: string): number {
  const [as, bs] = [a.split(/[.+-]/), b.split(/[.+-]/)];
  for (let at = 0; at < Math.max(as.length, bs.length); at++) {
    const order = compareParts(as[at] ?? "0", bs[at] ?? "0");
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(left: string, right: string): number {
  if (/^\d+$/.test(left) && /^\d+$/.test(right)) return Number(left) - Number(right);
  return left < right ? -1 : left > right ? 1 : 0;
}
