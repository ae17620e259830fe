/** The value where it is text, else `fallback`: of members that no schema checks. */
export const textOr = (value: unknown, fallback = ""): string => (typeof value === "string" ? value : fallback);

/** The value where it is text, else null. */
export const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The value where it is true or false, else `fallback`. */
export const flagOr = (value: unknown, fallback: boolean): boolean => (typeof value === "boolean" ? value : fallback);

/** The value as text, whatever its type; `undefined` where the member is missing. */
export const textIfAny = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));
