import type { Random } from "../kernel/index.ts";

const NAMING = /(?:^|_)(?:id|uuid|name|key|node|service|cid|fingerprint)$/i;
/** How many names of one kind are kept: the oldest stay, so that later requests still find what was seeded. */
const NAMES_MAX = 40;

/** Names of existing resources, gathered from answers, by the word that precedes them in a path. */
export class Pool {
  #names = new Map<string, string[]>();

  add(word: string, name: string): void {
    const key = wordOf(word);
    const list = this.#names.get(key) ?? [];
    if (name === "" || name.length > 200 || list.includes(name) || list.length >= NAMES_MAX) return;
    this.#names.set(key, [...list, name]);
  }

  /** Remembers its contents; the function returned restores them. */
  mark(): () => void {
    const names = new Map(this.#names);
    return () => {
      this.#names = new Map(names);
    };
  }

  /** Collects the names in an answer, by the members that hold them and what contains those. */
  gather(word: string, value: unknown): void {
    if (Array.isArray(value)) for (const each of value) this.#take(word, each);
    else this.#take(word, value);
  }

  #take(word: string, value: unknown): void {
    if (typeof value === "string") this.add(word, value);
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) return this.gather(word, value);
    for (const [key, inner] of Object.entries(value)) {
      if (typeof inner === "string" && NAMING.test(key)) {
        this.add(key, inner);
        if (/id$/i.test(key) && key.length <= 4) this.add(word, inner);
        else if (/^name$/i.test(key)) this.add(`${word}.name`, inner);
      } else if (typeof inner === "object" && inner !== null) this.gather(key, inner);
    }
  }

  /** A name under one of the words, the first that has any; `undefined` when none has. */
  pick(random: Random, ...words: readonly string[]): string | undefined {
    for (const word of words) {
      const list = this.#names.get(wordOf(word)) ?? this.#names.get(`${wordOf(word)}.name`);
      if (list !== undefined) return random.pick(list);
    }
    return undefined;
  }

  /** Any name. */
  any(random: Random): string {
    const lists = [...this.#names.values()];
    return lists.length === 0 ? "none" : random.pick(random.pick(lists));
  }
}

/** Normalizes a word: `security_groups`, `security-group` and `Security_Groups` are one. */
const wordOf = (word: string): string =>
  word
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/ies$/, "y")
    .replace(/(?<!s)s$/, "");
