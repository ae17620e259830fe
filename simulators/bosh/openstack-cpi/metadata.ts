import type { Fields } from "../configs/fields.ts";

/** Nova and Cinder take no longer value. */
const VALUE_CHARS_MAX = 255;

/** The body of a request that sets metadata; values that are too long are cut, as the CPI does. */
export const metadataBody = (values: Readonly<Record<string, string>>): Fields => ({
  metadata: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice(0, VALUE_CHARS_MAX)])),
});
