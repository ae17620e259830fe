import { randomBytes, randomInt } from "node:crypto";
import type { CloudOptions } from "./cloud.ts";

const SEED_MAX = 2 ** 31 - 1;
const SECRET_BYTES = 32;

/** An unpredictable secret, in hexadecimal. */
export const randomSecret = (): string => randomBytes(SECRET_BYTES).toString("hex");

/** The sources from which a cloud draws. */
export interface CloudSecrets {
  readonly seed: number;
  /** Undefined: secrets follow from the seed. */
  readonly secretKey?: string;
  readonly controlToken: string;
}

/** Draws what the options leave open. */
export function drawSecrets({ seed, secretsFrom }: Pick<CloudOptions, "seed" | "secretsFrom">): CloudSecrets {
  const isRandom = (secretsFrom ?? (seed === undefined ? "random" : "seed")) === "random";
  return {
    seed: seed ?? randomInt(SEED_MAX),
    ...(isRandom && { secretKey: randomSecret() }),
    controlToken: randomSecret(),
  };
}
