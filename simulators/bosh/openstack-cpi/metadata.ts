import type { Fields } from "../configs/fields.ts";

/** The longest value that Nova and Cinder accept. */
const VALUE_CHARS_MAX = 255;

/** The body of a request that sets metadata; as in the CPI, values that are too long are truncated. */
export const metadataBody = (values: Readonly<Record<string, string>>): Fields => ({
  metadata: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice(0, VALUE_CHARS_MAX)])),
});
