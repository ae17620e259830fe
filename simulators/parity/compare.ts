/** A pattern that matches only this text. */
export const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The type of a JSON value: as `typeof`, but `null` and `array` are types of their own. */
export const typeOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/** The path of a member (`$.servers[3].id`) for every element of its lists: `$.servers[*].id`. */
export const anyIndex = (path: string): string => path.replace(/\[\d+\]/g, "[*]");
