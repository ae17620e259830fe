/**
 * What a table holds under a name from outside. `table[name]` would also find what every object inherits (`__proto__`, `constructor`).
 */
export function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
