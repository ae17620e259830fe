import { hash } from "node:crypto";
import type { Kernel } from "../../kernel/index.ts";
import { ALLOW_ALL, Authorizer } from "./acl-authorizer.ts";
import { type AclOptions, AclReads } from "./acl-reads.ts";
import { ANONYMOUS, BUILTIN_POLICIES, MANAGEMENT, type PolicyRow, type RoleRow, type TokenRow } from "./acl-rows.ts";
import { readRules } from "./acl-rules.ts";
import { identityRules } from "./acl-templates.ts";
import type { Store } from "./store.ts";

const digest = (text: string): string => Buffer.from(hash("sha256", text, "hex"), "hex").toString("base64");

type NewPolicy = Pick<PolicyRow, "id" | "name" | "description" | "rules" | "datacenters">;
type NewRole = Pick<RoleRow, "id" | "name" | "description" | "policies" | "identities">;
type NewToken = Omit<TokenRow, "hash" | "createIndex" | "modifyIndex" | "createdMs">;

/** Tokens, policies and roles of one datacenter. Secrets stay out of the journal. */
export class Acl extends AclReads {
  constructor(store: Store, options: AclOptions) {
    super(store, options);
    store.kernel.onTimer<{ secret: string }>(`dns/${store.datacenter}/token-end`, ({ secret }) => this.#reap(secret));
  }

  get #kernel(): Kernel {
    return this.store.kernel;
  }

  /** The first writes of a server with ACLs: the built-in policies, the management token, the anonymous token. */
  begin(): void {
    if (!this.options.enabled) return;
    for (const policy of this.options.isToday ? BUILTIN_POLICIES : [MANAGEMENT]) this.putPolicy(policy);
    if (this.options.master !== "")
      this.putToken({
        ...ANONYMOUS,
        accessor: this.uuid(),
        secret: this.options.master,
        description: this.options.isToday ? "Initial Management Token" : "Master Token",
        policies: [MANAGEMENT.id],
        authMethod: "",
        expiresMs: undefined,
      });
    this.putToken({ ...ANONYMOUS, authMethod: "", expiresMs: undefined });
  }

  uuid(): string {
    return this.#kernel.random("dns/acl").uuid();
  }

  secret(): string {
    return this.#kernel.secrets("dns/acl").uuid();
  }

  /** The rights of a secret's holder; `undefined` for an unknown secret. An empty secret is the anonymous token's. */
  resolve(secret: string): Authorizer | undefined {
    if (!this.options.enabled) return ALLOW_ALL;
    const token = this.tokenOf(secret);
    if (token === undefined) return undefined;
    const { isToday, isDeny } = this.options;
    const rules = [...this.#sources(token)].flatMap((source) => readRules(source));
    const holder = { accessor: token.accessor, isAnonymous: token.accessor === ANONYMOUS.accessor };
    return new Authorizer(rules, isDeny ? "deny" : "write", isToday ? holder : undefined);
  }

  /** The rules of a token: those of its policies, its roles and their identities, if they apply here. */
  *#sources({ policies, roles, identities }: TokenRow): Generator<string> {
    const { policies: known, roles: knownRoles } = this.slot.value;
    const linked = roles.flatMap((id) => knownRoles.get(id) ?? []);
    for (const id of [...policies, ...linked.flatMap((role) => role.policies)]) {
      const policy = known.get(id);
      if (policy !== undefined && this.#holdsHere(policy.datacenters ?? [])) yield policy.rules;
    }
    for (const each of [identities, ...linked.map((role) => role.identities)])
      for (const { rules, datacenters = [] } of identityRules(each)) if (this.#holdsHere(datacenters)) yield rules;
  }

  #holdsHere(datacenters: readonly string[]): boolean {
    return datacenters.length === 0 || datacenters.includes(this.store.datacenter);
  }

  /** Creates the first management token, if there is none yet. Default secret: one that nobody can guess. */
  bootstrap(secret = this.secret()): TokenRow {
    return this.putToken({
      ...ANONYMOUS,
      accessor: this.uuid(),
      secret,
      description: "Bootstrap Token (Global Management)",
      policies: [MANAGEMENT.id],
      authMethod: "",
      expiresMs: undefined,
    });
  }

  putPolicy(given: NewPolicy): PolicyRow {
    const index = this.store.next();
    const known = this.policy(given.id);
    const hashed = digest(`${given.name}${given.description}${given.rules}`);
    const row: PolicyRow = { ...given, hash: hashed, createIndex: known?.createIndex ?? index, modifyIndex: index };
    this.slot.value.policies.set(row.id, row);
    this.store.touch(index, "acl-policies");
    this.store.record("acl.policy", row.name);
    return row;
  }

  putRole(given: NewRole): RoleRow {
    const index = this.store.next();
    const known = this.role(given.id);
    const hashed = digest(
      `${given.name}${given.description}${given.policies.join()}${JSON.stringify(given.identities)}`,
    );
    const row: RoleRow = { ...given, hash: hashed, createIndex: known?.createIndex ?? index, modifyIndex: index };
    this.slot.value.roles.set(row.id, row);
    this.store.touch(index, "acl-roles");
    this.store.record("acl.role", row.name);
    return row;
  }

  putToken(given: NewToken): TokenRow {
    const index = this.store.next();
    const known = this.token(given.accessor);
    const row: TokenRow = {
      ...given,
      createdMs: known?.createdMs ?? this.#kernel.nowMs,
      hash: digest(`${given.description}${given.policies.join()}`),
      createIndex: known?.createIndex ?? index,
      modifyIndex: index,
    };
    this.slot.value.tokens.set(row.secret, row);
    this.store.touch(index, "acl-tokens");
    this.store.record("acl.token", row.accessor);
    if (row.expiresMs !== undefined && known === undefined) this.#armEnd(row.secret, row.expiresMs);
    return row;
  }

  /** Has a token removed when it expires; one that outlives any timer is merely no longer found. */
  #armEnd(secret: string, expiresMs: number): void {
    const leftMs = expiresMs - this.#kernel.nowMs;
    if (leftMs <= TIMER_MS_MAX) this.#kernel.timer(leftMs, `dns/${this.store.datacenter}/token-end`, { secret });
  }

  #reap(secret: string): void {
    const row = this.slot.value.tokens.get(secret);
    if (row === undefined || this.isLive(row)) return;
    this.dropToken(row);
  }

  dropToken(row: TokenRow): void {
    const index = this.store.next();
    this.slot.value.tokens.delete(row.secret);
    this.store.touch(index, "acl-tokens");
    this.store.record("acl.token.delete", row.accessor);
  }

  dropPolicy(row: PolicyRow): void {
    const index = this.store.next();
    this.slot.value.policies.delete(row.id);
    this.store.touch(index, "acl-policies");
    this.store.record("acl.policy.delete", row.name);
  }

  dropRole(row: RoleRow): void {
    const index = this.store.next();
    this.slot.value.roles.delete(row.id);
    this.store.touch(index, "acl-roles");
    this.store.record("acl.role.delete", row.name);
  }
}

/** The longest that a timer waits: 24 days. */
const TIMER_MS_MAX = 0x7fff_ffff;
