import { Refusal } from "../wire/refusal.ts";
import { hash } from "node:crypto";
import { byText, type Slot } from "../../kernel/index.ts";
import { ANONYMOUS, MANAGEMENT, type PolicyRow, type TokenRow } from "./acl-rows.ts";
import { ALLOW_ALL, Authorizer, readRules } from "./acl-rules.ts";
import type { Store } from "./store.ts";

interface AclState {
  readonly policies: Map<string, PolicyRow>;
  /** By secret. */
  readonly tokens: Map<string, TokenRow>;
}

/** A refusal; the message is Consul's. */
class AclError extends Refusal {}

const NAME = /^[A-Za-z0-9\-_]{1,128}$/;

/** How a datacenter is configured. */
export interface AclOptions {
  readonly enabled: boolean;
  readonly isDeny: boolean;
  /** Secret of the management token; empty for none, so that the API may be used to bootstrap. */
  readonly master: string;
}

const digest = (text: string): string => Buffer.from(hash("sha256", text, "hex"), "hex").toString("base64");

/** Tokens and policies of one datacenter. Secrets stay out of the journal. */
export class Acl {
  readonly options: AclOptions;
  readonly #store: Store;
  readonly #slot: Slot<AclState>;

  constructor(store: Store, options: AclOptions) {
    this.options = options;
    this.#store = store;
    this.#slot = store.kernel.slot(`dns/${store.datacenter}/acl`, { policies: new Map(), tokens: new Map() });
  }

  /** The first writes of a server with ACLs: the management policy, its token, the anonymous token. */
  begin(): void {
    if (!this.options.enabled) return;
    this.#putPolicy(MANAGEMENT);
    if (this.options.master !== "")
      this.#putToken({
        accessor: this.#uuid(),
        secret: this.options.master,
        description: "Master Token",
        policies: [MANAGEMENT.id],
        local: false,
      });
    this.#putToken(ANONYMOUS);
  }

  #uuid(): string {
    return this.#store.kernel.random("dns/acl").uuid();
  }

  #secret(): string {
    return this.#store.kernel.secrets("dns/acl").uuid();
  }

  /** What the holder of a secret may do; `undefined` for an unknown secret. An empty secret is the anonymous token's. */
  resolve(secret: string): Authorizer | undefined {
    if (!this.options.enabled) return ALLOW_ALL;
    const token = this.#slot.value.tokens.get(secret === "" ? ANONYMOUS.secret : secret);
    if (token === undefined) return undefined;
    const rules = token.policies.flatMap((id) => readRules(this.#slot.value.policies.get(id)?.rules ?? ""));
    return new Authorizer(rules, this.options.isDeny ? "deny" : "write");
  }

  /** The index at which the first management token came; 0 while there is none. */
  get bootstrappedAt(): number {
    return (
      [...this.#slot.value.tokens.values()].find(({ policies }) => policies.includes(MANAGEMENT.id))?.createIndex ?? 0
    );
  }

  /** Creates the first management token, when there is none yet. */
  bootstrap(): TokenRow {
    return this.#putToken({
      accessor: this.#uuid(),
      secret: this.#secret(),
      description: "Bootstrap Token (Global Management)",
      policies: [MANAGEMENT.id],
      local: false,
    });
  }

  get tokenIndex(): number {
    return this.#store.latest("acl-tokens");
  }

  get policyIndex(): number {
    return this.#store.latest("acl-policies");
  }

  tokens(): readonly TokenRow[] {
    return [...this.#slot.value.tokens.values()].sort((a, b) => byText(a.accessor, b.accessor));
  }

  token(accessor: string): TokenRow | undefined {
    return [...this.#slot.value.tokens.values()].find((row) => row.accessor === accessor);
  }

  tokenOf(secret: string): TokenRow | undefined {
    return this.#slot.value.tokens.get(secret === "" ? ANONYMOUS.secret : secret);
  }

  policies(): readonly PolicyRow[] {
    return [...this.#slot.value.policies.values()].sort((a, b) => byText(a.id, b.id));
  }

  policy(id: string): PolicyRow | undefined {
    return this.#slot.value.policies.get(id);
  }

  policyNamed(name: string): PolicyRow | undefined {
    return [...this.#slot.value.policies.values()].find((row) => row.name === name);
  }

  #putPolicy(given: Pick<PolicyRow, "id" | "name" | "description" | "rules">): PolicyRow {
    const index = this.#store.next();
    const known = this.policy(given.id);
    const hashed = digest(`${given.name}${given.description}${given.rules}`);
    const row: PolicyRow = { ...given, hash: hashed, createIndex: known?.createIndex ?? index, modifyIndex: index };
    this.#slot.value.policies.set(row.id, row);
    this.#store.touch(index, "acl-policies");
    this.#store.record("acl.policy", row.name);
    return row;
  }

  #putToken(given: Pick<TokenRow, "accessor" | "secret" | "description" | "policies" | "local">): TokenRow {
    const index = this.#store.next();
    const known = this.token(given.accessor);
    const row: TokenRow = {
      ...given,
      createdMs: known?.createdMs ?? this.#store.kernel.nowMs,
      hash: digest(`${given.description}${given.policies.join()}`),
      createIndex: known?.createIndex ?? index,
      modifyIndex: index,
    };
    this.#slot.value.tokens.set(row.secret, row);
    this.#store.touch(index, "acl-tokens");
    this.#store.record("acl.token", row.accessor);
    return row;
  }

  /** Creates (empty id) or updates a policy. @throws AclError, RuleError */
  savePolicy(given: Pick<PolicyRow, "id" | "name" | "description" | "rules">): PolicyRow {
    if (given.name === "") throw new AclError("Invalid Policy: no Name is set");
    if (!NAME.test(given.name))
      throw new AclError("Invalid Policy: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
    if (given.id !== "" && this.policy(given.id) === undefined) throw new AclError("cannot find policy " + given.id);
    const holder = this.policyNamed(given.name);
    if (holder !== undefined && holder.id !== given.id)
      throw new AclError(`Invalid Policy: A Policy with Name "${given.name}" already exists`);
    readRules(given.rules);
    return this.#putPolicy({ ...given, id: given.id || this.#uuid() });
  }

  deletePolicy(id: string): void {
    const policy = this.policy(id);
    if (policy === undefined) return;
    if (id === MANAGEMENT.id)
      throw new AclError("Delete operation not permitted on the builtin global-management policy");
    const index = this.#store.next();
    this.#slot.value.policies.delete(id);
    this.#store.touch(index, "acl-policies");
    this.#store.record("acl.policy.delete", policy.name);
  }

  /** Creates (empty accessor) or updates a token; policies are links by id or name. @throws AclError */
  saveToken(given: {
    readonly accessor: string;
    readonly secret: string;
    readonly description: string;
    readonly policies: readonly { readonly ID: string; readonly Name: string }[];
    readonly local: boolean;
  }): TokenRow {
    const known = given.accessor === "" ? undefined : this.token(given.accessor);
    const policies = given.policies.map(({ ID, Name }) => {
      const found = ID === "" ? this.policyNamed(Name) : this.policy(ID);
      if (found === undefined)
        throw new AclError(
          ID === "" ? `No such ACL policy with name "${Name}"` : `Policy with ID "${ID}" does not exist`,
        );
      return found.id;
    });
    const secret = known?.secret ?? (given.secret || this.#secret());
    return this.#putToken({
      ...given,
      accessor: given.accessor || this.#uuid(),
      secret,
      policies: [...new Set(policies)],
    });
  }

  /** @throws AclError for the anonymous token */
  deleteToken(accessor: string): void {
    if (accessor === ANONYMOUS.accessor) throw new AclError("Delete operation not permitted on the anonymous token");
    const token = this.token(accessor);
    if (token === undefined) return;
    const index = this.#store.next();
    this.#slot.value.tokens.delete(token.secret);
    this.#store.touch(index, "acl-tokens");
    this.#store.record("acl.token.delete", accessor);
  }
}
