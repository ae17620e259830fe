import { PERMISSION_DENIED } from "../wire/refusal.ts";
import { type Grant, type AclRule, type Holder } from "./acl-rules.ts";

const RANK: Readonly<Record<Grant, number>> = { read: 1, list: 2, write: 3, deny: 4 };
const strongest = (rules: readonly AclRule[]): Grant | undefined =>
  rules.map(({ grant }) => grant).sort((a, b) => RANK[b] - RANK[a])[0];

/** Actions that holders without a special right may not take, whatever the default is. */
const NEVER_BY_DEFAULT = ["acl"];
/** The resource whose rule decides if one has none of its own. */
const FALLBACK: Readonly<Record<string, string>> = { mesh: "operator", peering: "operator" };

/** Decides what a token may do: an exact rule, else the longest prefix, else the default. */
export class Authorizer {
  readonly #rules: readonly AclRule[];
  readonly #default: Grant;
  /** Known if refusals name the token. */
  readonly holder: Holder | undefined;
  /** Whether something was left out of a list because the holder may not see it. */
  hasFiltered = false;

  constructor(rules: readonly AclRule[], byDefault: Grant, holder?: Holder) {
    this.#rules = rules;
    this.#default = byDefault;
    this.holder = holder;
  }

  /** The outcome if no rule applies. */
  get allowsByDefault(): boolean {
    return this.#default !== "deny";
  }

  #grant(resource: string, name: string): Grant {
    const rules = this.#rules.filter((rule) => rule.resource === resource);
    const exact = strongest(rules.filter((rule) => !rule.isPrefix && rule.name === name));
    if (exact !== undefined) return exact;
    const prefixes = rules.filter((rule) => rule.isPrefix && name.startsWith(rule.name));
    const longest = Math.max(0, ...prefixes.map((rule) => rule.name.length));
    const found = strongest(prefixes.filter((rule) => rule.name.length === longest));
    if (found !== undefined) return found;
    const fallback = FALLBACK[resource];
    if (fallback !== undefined) return this.#grant(fallback, "");
    return NEVER_BY_DEFAULT.includes(resource) && this !== ALLOW_ALL ? "deny" : this.#default;
  }

  /** Whether some rule names the resource at all, for rights to anything of a kind. */
  writesAny(resource: string): boolean {
    return (
      this.#default === "write" || this.#rules.some((rule) => rule.resource === resource && rule.grant === "write")
    );
  }

  reads(resource: string, name = ""): boolean {
    return this.#grant(resource, name) !== "deny";
  }

  /** Like `reads`, for what is left out of a list. */
  sees(resource: string, name = ""): boolean {
    const may = this.reads(resource, name);
    if (!may) this.hasFiltered = true;
    return may;
  }

  writes(resource: string, name = ""): boolean {
    return this.#grant(resource, name) === "write";
  }

  /** Whether keys may be listed. */
  lists(prefix: string): boolean {
    return ["list", "write"].includes(this.#grant("key", prefix));
  }

  /** Whether everything under a prefix of keys may be written. */
  writesUnder(prefix: string): boolean {
    const inside = this.#rules.filter(({ resource, name }) => resource === "key" && name.startsWith(prefix));
    return this.writes("key", prefix) && inside.every(({ grant }) => grant === "write");
  }

  /** Why the holder may not do something, in Consul's words; without details if the release gives none. */
  denial(resource: string, access: "read" | "write" | "list", name = ""): string {
    if (this.holder === undefined) return PERMISSION_DENIED;
    const { accessor, isAnonymous } = this.holder;
    const who = isAnonymous ? "anonymous token" : `token with AccessorID '${accessor}'`;
    const on = name === "" ? "" : ` on "${name}"`;
    const why = isAnonymous ? ". The anonymous token is used implicitly when a request does not specify a token." : "";
    return `${PERMISSION_DENIED}: ${who} lacks permission '${resource}:${access}'${on}${why}`;
  }
}

/** Everybody's rights while ACLs are off. */
export const ALLOW_ALL: Authorizer = new Authorizer([], "write");
