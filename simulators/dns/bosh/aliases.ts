import { isIP } from "node:net";
import { fqdnOf } from "../wire/codec/names.ts";
import type { AliasDefinition, InstanceRecord } from "./records.ts";

/** Targets by alias, as an alias file holds them. */
export type AliasFile = Readonly<Record<string, readonly string[]>>;

type Targets = Map<string, readonly string[]>;

/** Names that stand for others. All are in lower case and end in a dot, except addresses. */
export class Aliases {
  readonly #plain: Targets = new Map();
  /** By what follows the `_.` in their names, which stands for any label. */
  readonly #underscored: Targets = new Map();

  /** Adds aliases; known ones stay as they are. */
  add(file: AliasFile): void {
    for (const [given, targets] of Object.entries(file)) {
      const alias = given.toLowerCase();
      const isUnderscored = alias.startsWith("_.");
      const all = isUnderscored ? this.#underscored : this.#plain;
      const name = fqdnOf(isUnderscored ? alias.slice(2) : alias);
      if (!all.has(name)) all.set(name, targets.map(targetOf));
    }
  }

  /** Replaces targets that are aliases themselves by what those stand for. @throws Error for circular ones */
  reduce(): void {
    for (const alias of [...this.#plain.keys()].sort()) this.#plain.set(alias, this.#finalTargets(alias, 0));
  }

  #finalTargets(alias: string, depth: number): readonly string[] {
    if (depth > this.#plain.size + 1) throw new Error("recursion detected");
    const targets = this.#plain.get(alias);
    return targets === undefined ? [alias] : targets.flatMap((target) => this.#finalTargets(target, depth + 1));
  }

  /** The names for which a name stands: itself, unless it is an alias. */
  expand(fqdn: string): readonly string[] {
    const found = this.#plain.get(fqdn) ?? this.#underscoredOf(fqdn);
    return found === undefined || found.length === 0 ? [fqdn] : found;
  }

  #underscoredOf(fqdn: string): readonly string[] | undefined {
    const dot = fqdn.indexOf(".");
    const targets = dot < 0 ? undefined : this.#underscored.get(fqdn.slice(dot + 1));
    return targets?.map((target) => (target.startsWith("_.") ? fqdn.slice(0, dot) + target.slice(1) : target));
  }

  /** The aliases of which this is a target. */
  of(target: string): readonly string[] {
    return [...this.#plain].filter(([, targets]) => targets.includes(target)).map(([alias]) => alias);
  }

  /** The topmost aliases: beneath them every name is answered here. */
  hosts(): readonly string[] {
    const all = [...new Set([...this.#plain.keys(), ...this.#underscored.keys()])];
    return all.filter((host) => !all.some((other) => other !== host && host.endsWith(`.${other}`))).sort();
  }
}

function targetOf(given: string): string {
  const target = given.toLowerCase();
  if (target.startsWith("*.")) return fqdnOf(`q-s0${target.slice(1)}`);
  return isIP(target) === 0 ? fqdnOf(target) : target;
}

/** The aliases that a director's records define, as queries for the groups behind them. */
export function encodeAliases(
  definitions: ReadonlyMap<string, readonly AliasDefinition[]>,
  records: readonly InstanceRecord[],
): AliasFile {
  const queries = new Map<string, string[]>();
  const add = (alias: string, query: string): void => void queries.set(alias, [...(queries.get(alias) ?? []), query]);
  for (const [name, list] of definitions) {
    const alias = fqdnOf(name);
    for (const definition of list) {
      if (definition.placeholder_type !== "uuid") {
        add(alias, encode(definition, ""));
        continue;
      }
      for (const record of records)
        if (record.domain === `${definition.root_domain}.` && record.groupIds.includes(definition.group_id))
          add(
            alias.replace("_", () => record.id),
            encode(definition, record.numId),
          );
    }
  }
  return Object.fromEntries(queries);
}

const HEALTH: Readonly<Record<string, string>> = { unhealthy: "s1", healthy: "s3", all: "s4" };
const FIRST_CHECK: Readonly<Record<string, string>> = { asynchronous: "y0", synchronous: "y1" };

function encode(definition: AliasDefinition, numId: string): string {
  const { health_filter: health, initial_health_check: check, group_id: group, root_domain: root } = definition;
  const member = numId === "" ? "" : `m${numId}`;
  return fqdnOf(`q-${member}${HEALTH[health] ?? "s0"}${FIRST_CHECK[check] ?? ""}.q-g${group}.${root}`);
}
