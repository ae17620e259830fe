import { hash, timingSafeEqual } from "node:crypto";

/** Equal texts, in a time that says nothing of where they differ: what is compared are digests of one length. */
export const equalInConstantTime = (given: string, expected: string): boolean =>
  timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", expected, "buffer"));
