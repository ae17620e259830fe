/** Source of a pattern for a UUID in its canonical form, whatever its version (RFC 9562 §4). Add the flag `i` to ignore case. */
export const UUID_PATTERN = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** Source of a pattern for the whole of a UUID with or without hyphens. Add the flag `i` to ignore case. */
export const UUID_LIKE_PATTERN = "^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$";

const CANONICAL = new RegExp(`^${UUID_PATTERN}$`);
const LIKE = new RegExp(UUID_LIKE_PATTERN, "i");

/** A UUID in its canonical form: lower case, four hyphens. */
export const isUuid = (text: string): boolean => CANONICAL.test(text);

/** A UUID as Python's lenient `uuid.UUID` reads it, ignoring hyphens and case. */
export const isUuidLike = (text: string): boolean => LIKE.test(text);
