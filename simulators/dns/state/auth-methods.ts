import { byText, type Slot } from "../../kernel/index.ts";
import { AclError } from "./acl-reads.ts";
import { AUTH_METHOD_KINDS, membersObjection } from "./auth-method-kinds.ts";
import type { AuthMethodRow, BindingRuleRow } from "./acl-rows.ts";
import { isIdentityName, POLICY_TEMPLATES, templateObjection } from "./acl-templates.ts";
import { isRoleName, isUuid, policyNameObjection } from "./acl-policy-writes.ts";
import { durationText } from "../wire/duration.ts";
import type { Store } from "./store.ts";

interface AuthState {
  readonly methods: Map<string, AuthMethodRow>;
  readonly rules: Map<string, BindingRuleRow>;
}

const METHOD_NAME = /^[A-Za-z0-9\-_]{1,128}$/;

const TOKEN_LIFE_NS_MIN = 60e9;

/** Ways to log in, and what they grant, in one datacenter. */
export class AuthMethods {
  readonly #store: Store;
  readonly #slot: Slot<AuthState>;

  constructor(store: Store) {
    this.#store = store;
    this.#slot = store.slot(`dns/${store.datacenter}/auth-methods`, { methods: new Map(), rules: new Map() });
  }

  get methodIndex(): number {
    return this.#store.latest("acl-auth-methods");
  }

  get ruleIndex(): number {
    return this.#store.latest("acl-binding-rules");
  }

  methods(): readonly AuthMethodRow[] {
    return [...this.#slot.value.methods.values()].sort((a, b) => byText(a.Name, b.Name));
  }

  method(name: string): AuthMethodRow | undefined {
    return this.#slot.value.methods.get(name);
  }

  rules(): readonly BindingRuleRow[] {
    return [...this.#slot.value.rules.values()].sort((a, b) => byText(a.ID, b.ID));
  }

  rule(id: string): BindingRuleRow | undefined {
    return this.#slot.value.rules.get(id);
  }

  /** Creates or replaces a method, whose tokens live for `lifeNs` at most; 0 for no limit. @throws AclError */
  saveMethod(given: Omit<AuthMethodRow, "CreateIndex" | "ModifyIndex">, lifeNs: number): AuthMethodRow {
    const invalid = "Invalid Auth Method: ";
    if (given.Name === "") throw new AclError(`${invalid}no Name is set`);
    if (!METHOD_NAME.test(given.Name))
      throw new AclError(`${invalid}invalid Name. Only alphanumeric characters, '-' and '_' are allowed`);
    const known = this.method(given.Name);
    if (known !== undefined && given.Type !== "" && given.Type !== known.Type)
      throw new AclError("the Type field of an Auth Method is immutable");
    const Type = given.Type || (known?.Type ?? "");
    const kind = AUTH_METHOD_KINDS.get(Type);
    if (kind === undefined)
      throw new AclError(`${invalid}Type should be one of: [${[...AUTH_METHOD_KINDS.keys()].join(" ")}]`);
    if (lifeNs !== 0 && lifeNs < TOKEN_LIFE_NS_MIN)
      throw new AclError(`MaxTokenTTL ${durationText(lifeNs)} cannot be less than ${durationText(TOKEN_LIFE_NS_MIN)}`);
    if (!["", "local", "global"].includes(given.TokenLocality ?? ""))
      throw new AclError(`${invalid}TokenLocality should be one of 'local' or 'global'`);
    const why = membersObjection(kind, given.Config ?? {}) ?? kind.objection(given.Config ?? {});
    if (why !== undefined) throw new AclError(invalid + why);
    const index = this.#store.next();
    const row = { ...given, Type, CreateIndex: known?.CreateIndex ?? index, ModifyIndex: index };
    this.#slot.value.methods.set(row.Name, row);
    this.#store.touch(index, "acl-auth-methods");
    this.#store.record("acl.auth-method", row.Name);
    return row;
  }

  /** Deletes a method and its rules. */
  deleteMethod({ Name }: AuthMethodRow): void {
    const index = this.#store.next();
    this.#slot.value.methods.delete(Name);
    for (const { ID, AuthMethod } of this.rules()) if (AuthMethod === Name) this.#slot.value.rules.delete(ID);
    this.#store.touch(index, "acl-auth-methods", "acl-binding-rules");
    this.#store.record("acl.auth-method.delete", Name);
  }

  /** Creates (empty id) or updates a rule. `selects` compiles its selector. @throws AclError */
  saveRule(
    given: Omit<BindingRuleRow, "CreateIndex" | "ModifyIndex">,
    selects: (selector: string, variables: readonly string[]) => void,
  ): BindingRuleRow {
    const known = given.ID === "" ? undefined : this.#knownRule(given);
    const AuthMethod = given.AuthMethod || (known?.AuthMethod ?? "");
    if (AuthMethod === "") throw new AclError("Invalid Binding Rule: no AuthMethod is set");
    const method = this.method(AuthMethod);
    if (method === undefined) throw new AclError(`cannot find auth method with name "${AuthMethod}"`);
    const variables = AUTH_METHOD_KINDS.get(method.Type)?.variables ?? [];
    if (given.Selector !== "") selects(given.Selector, variables);
    checkBinding(given, variables);
    const index = this.#store.next();
    const ID = given.ID || this.#store.kernel.random("dns/acl").uuid();
    const row = { ...given, ID, AuthMethod, CreateIndex: known?.CreateIndex ?? index, ModifyIndex: index };
    this.#slot.value.rules.set(ID, row);
    this.#store.touch(index, "acl-binding-rules");
    this.#store.record("acl.binding-rule", ID);
    return row;
  }

  #knownRule({ ID, AuthMethod }: Pick<BindingRuleRow, "ID" | "AuthMethod">): BindingRuleRow {
    if (!isUuid(ID)) throw new AclError("Binding Rule ID invalid UUID");
    const known = this.rule(ID);
    if (known === undefined) throw new AclError(`cannot find binding rule ${ID}`);
    if (AuthMethod !== "" && AuthMethod !== known.AuthMethod)
      throw new AclError("the AuthMethod field of an Binding Rule is immutable");
    return known;
  }

  deleteRule({ ID }: BindingRuleRow): void {
    const index = this.#store.next();
    this.#slot.value.rules.delete(ID);
    this.#store.touch(index, "acl-binding-rules");
    this.#store.record("acl.binding-rule.delete", ID);
  }
}

const VALID: Readonly<Record<string, (name: string) => boolean>> = {
  service: isIdentityName,
  node: isIdentityName,
  role: isRoleName,
  policy: (name) => policyNameObjection(name) === undefined,
};

/** @throws AclError for a rule that can't bind anything */
function checkBinding(
  { BindType, BindName, BindVars }: Pick<BindingRuleRow, "BindType" | "BindName" | "BindVars">,
  variables: readonly string[],
): void {
  if (BindType === "") throw new AclError("Invalid Binding Rule: no BindType is set");
  if (BindName === "") throw new AclError("Invalid Binding Rule: no BindName is set");
  if (BindVars !== undefined && BindType !== "templated-policy")
    throw new AclError("invalid Binding Rule: BindVars cannot be set when bind type is not templated-policy.");
  const invalid = "Invalid Binding Rule: invalid BindName or BindVars: ";
  const failed = `${invalid}failed to validate bindType "${BindType}": `;
  if (BindType === "templated-policy") {
    const why = templateBindingObjection(BindName, BindVars, variables);
    if (why !== undefined) throw new AclError(failed + why);
    return;
  }
  const isValid = VALID[BindType];
  if (isValid === undefined) throw new AclError(`${invalid}invalid Binding Rule: unknown BindType "${BindType}"`);
  const { text, error } = interpolate(BindName, variables);
  if (error !== undefined) throw new AclError(`${failed}error interpreting template: ${error}`);
  if (!isValid(text)) throw new AclError(`${failed}invalid bind name: "${text}"`);
}

function templateBindingObjection(
  name: string,
  given: BindingRuleRow["BindVars"],
  variables: readonly string[],
): string | undefined {
  const template = POLICY_TEMPLATES.get(name);
  if (template === undefined)
    return `Bind name for templated-policy bind type does not match existing template name: ${name}`;
  const { text, error } = interpolate(given?.Name ?? "", variables);
  if (error !== undefined) return `failed to interpret templated policy variables: ${error}`;
  const why = templateObjection(template, given && { name: text });
  return why === undefined ? undefined : `templated policy failed validation: ${why}`;
}

/** A text with each `${variable}` filled in for a trial, or why one can't be. */
function interpolate(source: string, variables: readonly string[]): { readonly text: string; readonly error?: string } {
  for (const match of source.matchAll(/\$\{([^}]*)\}/g)) {
    const [, name = ""] = match;
    const at = match.index + "${".length + 1;
    if (!variables.includes(name.trim())) return { text: "", error: `1:${at}: unknown variable accessed: ${name}` };
  }
  return { text: source.replace(/\$\{[^}]*\}/g, "fake").toLowerCase() };
}
