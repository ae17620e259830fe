/**
 * What a table holds under a name that came from outside. `table[name]` would also find what every object has (`__proto__`,
 * `constructor`), which no table means.
 */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
