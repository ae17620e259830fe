/** Disagreements between the suite and what it should say, by field broker. Each is a defect of the suite; the list only shrinks. */
export const KNOWN: Readonly<Record<string, readonly string[]>> = {};
