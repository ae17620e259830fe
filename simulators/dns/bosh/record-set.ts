import { isIP } from "node:net";
import type { Body } from "../../kernel/index.ts";
import { type AliasFile, Aliases, encodeAliases } from "./aliases.ts";
import { type Criteria, fittingRecords, readCriteria } from "./criteria.ts";
import { filterByHealth, type HealthWatch, isWorthFollowing } from "./health.ts";
import { fqdnOf } from "../wire/codec/names.ts";
import { type InstanceRecord, readRecords, type RecordsFile } from "./records.ts";

/** Why a name has no members: it is not a query, or no instance matches. */
type Unresolved = "criteria" | "domain";

const NOTHING: RecordsFile = { instances: [], aliases: new Map(), hosts: [] };

/** The director's records, and what names mean according to them. */
export class RecordSet {
  readonly #aliasFiles: readonly AliasFile[];
  readonly #watch: HealthWatch;
  #file: RecordsFile = NOTHING;
  #aliases: Aliases;

  /** @throws Error for circular aliases */
  constructor(aliasFiles: readonly AliasFile[], watch: HealthWatch) {
    this.#aliasFiles = aliasFiles;
    this.#watch = watch;
    this.#aliases = this.#fileAliases();
  }

  #fileAliases(): Aliases {
    const aliases = new Aliases();
    for (const file of this.#aliasFiles) aliases.add(file);
    aliases.reduce();
    return aliases;
  }

  /** Adopts a records file, unless it can't be read. Returns whether it did. */
  load(text: string): boolean {
    const file = readRecords(text);
    if (file === undefined) return false;
    this.#file = file;
    this.#aliases = this.#fileAliases();
    this.#aliases.add(encodeAliases(file.aliases, file.instances));
    return true;
  }

  get instances(): readonly InstanceRecord[] {
    return this.#file.instances;
  }

  /** The domains beneath which names are answered from the records and aliases. */
  domains(): readonly string[] {
    return [...this.#rootDomains(), ...this.#aliases.hosts()];
  }

  #rootDomains(): readonly string[] {
    return [...new Set(this.#file.instances.map(({ domain }) => domain))];
  }

  /** The targets of an alias: names and addresses. */
  expand(fqdn: string): readonly string[] {
    return this.#aliases.expand(fqdn);
  }

  /** The addresses behind a name; takes time if it asks to wait for first checks. */
  *resolve(fqdn: string): Body<readonly string[] | Unresolved> {
    const names = this.expand(fqdn);
    const addresses = names.filter((name) => isIP(name) !== 0);
    const records = yield* this.members(names, true);
    if (records === "domain" && addresses.length > 0) return addresses;
    return typeof records === "string" ? records : [...records.map(({ ip }) => ip), ...addresses];
  }

  /** The instances behind names; followed names have their health checked from now on. */
  *members(names: readonly string[], follows: boolean): Body<readonly InstanceRecord[] | Unresolved> {
    const domains = this.#rootDomains();
    const all = names.map((name) => readCriteria(name, domains));
    const criteria = all.filter((each): each is Criteria => each !== undefined);
    if (criteria.length < all.length) return "criteria";
    const known = criteria.flatMap((each) => fittingRecords(each, this.#file.instances));
    if (known.length === 0) return "domain";
    const members: InstanceRecord[] = [];
    for (const each of criteria) {
      const fitting = fittingRecords(each, known);
      if (follows && isWorthFollowing(each, fitting)) {
        const waitMs = this.#watch.follow(each, fitting);
        if (waitMs > 0) yield waitMs;
      }
      members.push(...filterByHealth(each, fitting, (ip) => this.#watch.of(ip)));
    }
    return members;
  }

  /** The names of an address: of its instance, and the aliases that stand for it. */
  namesOf(ip: string): readonly string[] {
    const names = new Set(this.#aliases.of(ip));
    for (const host of this.#file.hosts) {
      if (host.ip !== ip) continue;
      const fqdn = fqdnOf(host.fqdn);
      names.add(fqdn);
      for (const alias of this.#aliases.of(fqdn)) names.add(alias);
    }
    return [...names];
  }
}
