import { byText, type Slot } from "../../kernel/index.ts";
import { Refusal } from "../wire/refusal.ts";
import {
  ANONYMOUS,
  type Identities,
  MANAGEMENT,
  NO_IDENTITIES,
  type PolicyRow,
  type RoleRow,
  type TokenRow,
} from "./acl-rows.ts";
import type { Store } from "./store.ts";

interface AclState {
  readonly policies: Map<string, PolicyRow>;
  readonly roles: Map<string, RoleRow>;
  /** By secret. */
  readonly tokens: Map<string, TokenRow>;
}

/** A refusal; the message is Consul's. */
export class AclError extends Refusal {}

const UUID_CHARACTERS = 36;
const UUID_HYPHENS = 4;

/** @throws AclError for an id that the tables' index of UUIDs refuses */
export function checkLookup(what: string, id: string): void {
  const fail = (why: string): never => {
    throw new AclError(`failed ${what} lookup: index error: ${why}`);
  };
  if (id.length !== UUID_CHARACTERS) fail(`UUID must be ${UUID_CHARACTERS} characters`);
  const hyphens = id.split("-").length - 1;
  if (hyphens > UUID_HYPHENS) fail(`UUID should have maximum of ${UUID_HYPHENS} "-"; got ${hyphens}`);
}

/** How a datacenter is configured. */
export interface AclOptions {
  readonly enabled: boolean;
  readonly isDeny: boolean;
  /** Secret of the management token; empty for none, so that the API may be used to bootstrap. */
  readonly master: string;
  /** Whether rules, policies and refusals are those of today's release. */
  readonly isToday: boolean;
}

/** A link to a policy or a role, by id or by name. */
export interface AclLink {
  readonly ID: string;
  readonly Name: string;
}

/** Reads the tokens, policies and roles of one datacenter. An expired token is not found. */
export class AclReads {
  readonly options: AclOptions;
  protected readonly store: Store;
  protected readonly slot: Slot<AclState>;

  constructor(store: Store, options: AclOptions) {
    this.options = options;
    this.store = store;
    this.slot = store.slot(`dns/${store.datacenter}/acl`, {
      policies: new Map(),
      roles: new Map(),
      tokens: new Map(),
    });
  }

  /** The index at which the first management token came; 0 while there is none. */
  get bootstrappedAt(): number {
    return (
      [...this.slot.value.tokens.values()].find(({ policies }) => policies.includes(MANAGEMENT.id))?.createIndex ?? 0
    );
  }

  get tokenIndex(): number {
    return this.store.latest("acl-tokens");
  }

  get policyIndex(): number {
    return this.store.latest("acl-policies");
  }

  get roleIndex(): number {
    return this.store.latest("acl-roles");
  }

  protected isLive({ expiresMs }: TokenRow): boolean {
    return expiresMs === undefined || expiresMs > this.store.kernel.nowMs;
  }

  tokens(): readonly TokenRow[] {
    return [...this.slot.value.tokens.values()]
      .filter((row) => this.isLive(row))
      .sort((a, b) => byText(a.accessor, b.accessor));
  }

  token(accessor: string): TokenRow | undefined {
    return this.tokens().find((row) => row.accessor === accessor);
  }

  tokenOf(secret: string): TokenRow | undefined {
    const row = this.slot.value.tokens.get(secret === "" ? ANONYMOUS.secret : secret);
    return row !== undefined && this.isLive(row) ? row : undefined;
  }

  policies(): readonly PolicyRow[] {
    const { isToday } = this.options;
    return [...this.slot.value.policies.values()].sort((a, b) =>
      isToday ? byText(a.name, b.name) : byText(a.id, b.id),
    );
  }

  policy(id: string): PolicyRow | undefined {
    return this.slot.value.policies.get(id);
  }

  policyNamed(name: string): PolicyRow | undefined {
    return [...this.slot.value.policies.values()].find((row) => row.name === name);
  }

  roles(): readonly RoleRow[] {
    return [...this.slot.value.roles.values()].sort((a, b) => byText(a.name, b.name));
  }

  role(id: string): RoleRow | undefined {
    return this.slot.value.roles.get(id);
  }

  roleNamed(name: string): RoleRow | undefined {
    return this.roles().find((row) => row.name === name);
  }

  /** Ids of the policies that links name, each once. @throws AclError */
  policyIds(links: readonly AclLink[]): readonly string[] {
    const ids = links.map(({ ID, Name }) => {
      const found = ID === "" ? this.policyNamed(Name) : this.policy(ID);
      if (found !== undefined) return found.id;
      throw new AclError(ID === "" ? `No such ACL policy with name "${Name}"` : `No such ACL policy with ID "${ID}"`);
    });
    return [...new Set(ids)];
  }

  /** Ids of the roles that links name, each once. @throws AclError */
  roleIds(links: readonly AclLink[]): readonly string[] {
    const ids = links.map(({ ID, Name }) => {
      const found = ID === "" ? this.roleNamed(Name) : this.role(ID);
      if (found !== undefined) return found.id;
      throw new AclError(ID === "" ? `No such ACL role with name "${Name}"` : `No such ACL role with ID "${ID}"`);
    });
    return [...new Set(ids)];
  }

  /** Policies and roles of a token or a role, as its holder has them: with those of its identities. */
  expand({ policies, roles, identities }: Pick<TokenRow, "policies" | "roles" | "identities">): {
    readonly policies: readonly PolicyRow[];
    readonly roles: readonly RoleRow[];
    readonly identities: readonly Identities[];
  } {
    const linked = roles.flatMap((id) => this.role(id) ?? []);
    const ids = new Set([...policies, ...linked.flatMap((role) => role.policies)]);
    return {
      policies: [...ids].flatMap((id) => this.policy(id) ?? []),
      roles: linked,
      identities: [identities, ...linked.map((role) => role.identities)].filter((each) => each !== NO_IDENTITIES),
    };
  }
}
