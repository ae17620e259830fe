import { Random, type RandomState } from "./random.ts";
import { SecretStream } from "./secrets.ts";

/** How far each stream has been drawn. */
export interface StreamPositions {
  readonly seed: number | string;
  readonly random: ReadonlyMap<string, RandomState>;
  /** Bytes drawn from each stream of secrets. */
  readonly secrets: ReadonlyMap<string, number>;
}

/** The streams of pseudo-random values and of secrets, by name: all derive from one seed, or secrets from a key of their own. */
export class Streams {
  readonly #firstSeed: number | string;
  /** Undefined where secrets come from the seed. */
  readonly #secretKey: string | undefined;
  #seed: number | string;
  readonly #random = new Map<string, Random>();
  readonly #secrets = new Map<string, SecretStream>();

  constructor(seed: number | string, secretKey: string | undefined) {
    this.#firstSeed = seed;
    this.#seed = seed;
    this.#secretKey = secretKey;
  }

  /** Whether secrets come from a key, not from the seed. */
  get hasSecretKey(): boolean {
    return this.#secretKey !== undefined;
  }

  random(name: string): Random {
    let stream = this.#random.get(name);
    if (stream === undefined) {
      stream = Random.fork(this.#seed, name);
      this.#random.set(name, stream);
    }
    return stream;
  }

  secrets(name: string): SecretStream {
    let stream = this.#secrets.get(name);
    if (stream === undefined) {
      stream = new SecretStream(this.#secretKey ?? this.#seed, name);
      this.#secrets.set(name, stream);
    }
    return stream;
  }

  fixedSecrets(name: string): SecretStream {
    return new SecretStream(this.#secretKey ?? this.#firstSeed, name);
  }

  /** Turns all streams into those of another seed. */
  reseed(seed: number | string): void {
    this.#seed = seed;
    for (const [name, stream] of this.#random) stream.state = Random.fork(seed, name).state;
    if (this.#secretKey === undefined) for (const stream of this.#secrets.values()) stream.rekey(seed);
  }

  positions(): StreamPositions {
    return {
      seed: this.#seed,
      random: new Map([...this.#random].map(([name, stream]) => [name, stream.state])),
      secrets: new Map([...this.#secrets].map(([name, stream]) => [name, stream.drawnBytes])),
    };
  }

  /** Moves the streams back to where they were; those of secrets only with `rewindsSecrets`. */
  moveTo({ seed, random, secrets }: StreamPositions, rewindsSecrets: boolean): void {
    this.#seed = seed;
    for (const [name, stream] of this.#random) stream.state = random.get(name) ?? Random.fork(seed, name).state;
    if (!rewindsSecrets) return;
    for (const [name, stream] of this.#secrets) {
      stream.rekey(this.#secretKey ?? seed);
      stream.drawnBytes = secrets.get(name) ?? 0;
    }
  }
}
