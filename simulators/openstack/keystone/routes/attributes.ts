import { isObject } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import { textOr } from "../../schema/index.ts";
import type { RequestContext } from "../../service.ts";
import type { Entity } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";
import type { Attributes } from "../wire/body.ts";
import { badRequest, notFound } from "../wire/errors.ts";

/** An id for a new entity. */
export const newId = (cloud: Cloud): string => cloud.hex("keystone");

/** Keeps unknown attributes in `extra`, as the API shows them again. */
export function withExtras<E extends Entity>(entity: E, attributes: Attributes, known: readonly string[]): E {
  const extras = Object.entries(attributes).filter(([name]) => !known.includes(name) && name !== "links");
  if (extras.length > 0) entity.extra = { ...entity.extra, ...Object.fromEntries(extras) };
  return entity;
}

/** The domain that a new entity belongs to; by default that of the caller's scope. @throws `missing(id)`, default Refusal 404 */
export function requireDomain(
  state: KeystoneState,
  { actor }: RequestContext,
  attributes: Attributes,
  missing: (id: string) => Refusal = (id) => notFound("domain", id),
): string {
  const id = attributes.domain_id ?? (actor.domainId || actor.projectDomainId || "default");
  if (typeof id !== "string" || !state.domains.has(id)) throw missing(textOr(id));
  return id;
}

/** @throws Refusal 400 when a change asks for another domain */
export function refuseNewDomain(entity: { readonly domainId: string }, attributes: Attributes): void {
  if (attributes.domain_id !== undefined && attributes.domain_id !== entity.domainId)
    throw badRequest("Cannot change Domain ID");
}

/** The value of `options.immutable`; `undefined` if it is not given. */
export function immutableIn({ options }: Attributes): boolean | undefined {
  return isObject(options) && "immutable" in options ? options.immutable === true : undefined;
}

/** @throws Refusal 403 when the entity is immutable */
export function refuseImmutable(
  entity: { readonly id: string; readonly isImmutable: boolean },
  verb: "update" | "delete",
  type: string,
): void {
  if (!entity.isImmutable) return;
  const what = `Unable to ${verb} immutable ${type} resource: \`${entity.id}.`;
  throw new Refusal(403, "", `${what} Set resource option "immutable" to false first.`);
}

/** The member `options` of a view. */
export const optionsView = (isImmutable: boolean): object => (isImmutable ? { immutable: true } : {});
