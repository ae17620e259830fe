import { bodyJson } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { anything, type Convert, InvalidValue, text } from "./converters.ts";
import { isDictionary } from "./structures.ts";
import { forbidden, httpBadRequest, internalError } from "./errors.ts";
import { type AttributePolicy, type PolicyNetwork, findRefusal } from "./policies.ts";
import type { View } from "./views.ts";

/*
 * The attributes of a resource, as a table, and how a request's body becomes values: the owner is checked first, then unknown names, then
 * missing or read-only ones, then each value is converted; policy comes last.
 */

/** Which of the two requests that carry attributes it is. */
type Verb = "create" | "update";

/** One attribute of a resource. */
interface Attribute<T = unknown> {
  /** Whether it may be given at creation. Default: true. */
  readonly post?: boolean;
  /** Whether it may be changed later. Default: true. */
  readonly put?: boolean;
  readonly isRequired?: boolean;
  /** Default: any value, as it is. */
  readonly convert?: Convert<T>;
  /** Who may set it, if policy looks at it. */
  readonly policy?: AttributePolicy;
  /** The conversion of values in a list's filter (`convert_to`). Default: none. */
  readonly filter?: Convert<unknown>;
}

/** The attributes of a resource, by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

type ConvertedValue<A> = A extends { readonly convert: Convert<infer T> } ? T : unknown;
type RequiredName<A extends Attributes> = {
  [N in keyof A]: A[N] extends { readonly isRequired: true } ? N : never;
}[keyof A];

/** The attributes that a client gave, converted. */
export type Fields<A extends Attributes> = { readonly [N in keyof A]?: ConvertedValue<A[N]> };

/** The same at creation, when the required ones are there. */
export type NewFields<A extends Attributes> = Fields<A> & {
  readonly [N in RequiredName<A>]: ConvertedValue<A[N]>;
};

/** Attributes that every resource has ("standard attributes"). */
const STANDARD = {
  id: { post: false, put: false },
  tenant_id: { put: false },
  project_id: { put: false },
  created_at: { post: false, put: false },
  updated_at: { post: false, put: false },
  revision_number: { post: false, put: false },
  description: { convert: text },
  tags: { post: false, put: false },
} as const;

/** The standard attributes and a resource's own. */
export const withStandard = <const A extends Attributes>(own: A): Omit<typeof STANDARD, keyof A> & A => ({
  ...STANDARD,
  ...own,
});

/** Attributes of resources that have an owner, and none of the standard attributes. */
const OWNER = {
  id: { post: false, put: false },
  tenant_id: { put: false },
  project_id: { put: false },
} as const;

/** Id and owner, and a resource's own attributes. */
export const withOwner = <const A extends Attributes>(own: A): Omit<typeof OWNER, keyof A> & A => ({
  ...OWNER,
  ...own,
});

/** How the bodies of a resource are built. */
export interface ResourceSchema<A extends Attributes = Attributes> {
  /** `network`, `networks`: members of bodies. */
  readonly name: string;
  readonly collection: string;
  /** Served by the core of Neutron, whose errors about bodies differ from those of extensions. */
  readonly isCore: boolean;
  /** Accepts a list in one request, in the member named after it with an `s`. */
  readonly isBulk: boolean;
  readonly attributes: A;
}

/** The body's items, and whether they came as a list. @throws Refusal 400 */
export function itemsOf(
  context: RequestContext,
  schema: ResourceSchema,
): { readonly items: readonly View[]; readonly isBulk: boolean } {
  const body = bodyObject(context, schema);
  const many = body[`${schema.name}s`];
  if (many === undefined) return { items: [memberOf(body, schema)], isBulk: false };
  if (!schema.isBulk) throw httpBadRequest("Bulk operation not supported");
  if (!Array.isArray(many) || many.length === 0) throw httpBadRequest("Resources required");
  const items = many.map((each: unknown): View => {
    if (typeof each !== "object" || each === null) throw httpBadRequest("Body contains invalid data");
    const { [schema.name]: wrapped = each } = { ...each };
    return memberOf({ [schema.name]: wrapped }, schema);
  });
  return { items, isBulk: true };
}

/** The body's one item. A list fails, in extensions that create lists by an error of their own. @throws Refusal 400, 500 */
export function itemOf(context: RequestContext, schema: ResourceSchema): View {
  const body = bodyObject(context, schema);
  if (body[`${schema.name}s`] !== undefined && schema.name !== "rbac_policy")
    throw schema.isBulk && !schema.isCore ? internalError() : httpBadRequest("Bulk operation not supported");
  return memberOf(body, schema);
}

function bodyObject(context: RequestContext, { isCore }: ResourceSchema): View {
  if (isCore && context.request.body.length === 0) return {};
  const body = bodyJson(context.request);
  if (!body.ok && !isCore)
    throw new Refusal(400, "MalformedRequestBody", "Malformed request body: Cannot understand JSON.");
  if (!body.ok || !isDictionary(body.value)) throw httpBadRequest("Body contains invalid data");
  if (!isCore && Object.keys(body.value).length === 0) throw httpBadRequest("Resource body required");
  return body.value;
}

function memberOf(body: View, { name }: ResourceSchema): View {
  const item = body[name];
  if (item === undefined || item === null) throw httpBadRequest(`Unable to find '${name}' in request body`);
  if (!isDictionary(item)) throw httpBadRequest(`Object '${name}' contains invalid data`);
  return item;
}

/** The project that a new resource belongs to: the caller's, or the one that an administrator names. @throws Refusal 400 */
export function projectOf(actor: Actor, fields: object): string {
  const { project_id: projectId, tenant_id: tenantId }: View = { ...fields };
  const named = projectId === undefined ? tenantId : projectId;
  if (named === undefined || named === actor.projectId) return actor.projectId;
  if (actor.isAdmin) return String(named);
  throw httpBadRequest(
    "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges",
  );
}

/**
 * The attributes that a client gave, with the owner under both names.
 * @throws Refusal 400 if the names differ, or there is no owner
 */
function fillOwner(actor: Actor, item: View, verb: Verb): View {
  const { project_id: project = item.tenant_id, tenant_id: tenant = item.project_id } = item;
  if (project !== tenant)
    throw httpBadRequest("'project_id' and 'tenant_id' have been specified but their values do not match");
  projectOf(actor, item);
  if (project !== undefined) return { ...item, project_id: project, tenant_id: project };
  if (verb === "create" && actor.projectId === "")
    throw httpBadRequest("Running without keystone AuthN requires that tenant_id is specified");
  return item;
}

/** Checks and converts what a client gave at creation. @throws Refusal 400 */
export function parseNewFields<A extends Attributes>(
  actor: Actor,
  { attributes }: ResourceSchema<A>,
  item: View,
): NewFields<A> {
  const given = fillOwner(actor, item, "create");
  checkNames(attributes, given, "create");
  return convertAll<NewFields<A>>(attributes, given);
}

/** Checks and converts what a client wants changed. @throws Refusal 400 */
export function parseChanges<A extends Attributes>(
  actor: Actor,
  { attributes }: ResourceSchema<A>,
  item: View,
): Fields<A> {
  const given = fillOwner(actor, item, "update");
  checkNames(attributes, given, "update");
  return convertAll<Fields<A>>(attributes, given);
}

function checkNames(attributes: Attributes, item: View, verb: Verb): void {
  const unknown = Object.keys(item).filter((name) => !Object.hasOwn(attributes, name));
  if (unknown.length > 0) throw httpBadRequest(`Unrecognized attribute(s) '${unknown.join(", ")}'`);
  for (const [name, attribute] of Object.entries(attributes))
    checkName(name, attribute, Object.hasOwn(item, name), verb);
}

function checkName(name: string, { isRequired, post, put }: Attribute, isGiven: boolean, verb: Verb): void {
  if (verb === "create" && isRequired === true && !isGiven)
    throw httpBadRequest(`Failed to parse request. Required attribute '${name}' not specified`);
  if (verb === "create" && post === false && isGiven) throw httpBadRequest(`Attribute '${name}' not allowed in POST`);
  if (verb === "update" && put === false && isGiven) throw httpBadRequest(`Cannot update read-only attribute ${name}`);
}

/** The one place where converted values get their type: each comes from the converter from which the type derives. */
function convertAll<F>(attributes: Attributes, item: View): F {
  const given = Object.entries(attributes).filter(([name]) => Object.hasOwn(item, name));
  return Object.fromEntries(given.map(([name, attribute]) => [name, convertValue(name, item[name], attribute)])) as F;
}

/** Converts one attribute. @throws Refusal 400 */
export function convertValue(name: string, value: unknown, { convert = anything }: Attribute = {}): unknown {
  try {
    return convert(value);
  } catch (error) {
    if (error instanceof InvalidValue) throw httpBadRequest(`Invalid input for ${name}. Reason: ${error.message}`);
    throw error;
  }
}

/** Refuses what the actor may not set, naming every attribute that policy looked at. @throws Refusal 403 */
export function checkPolicy(
  actor: Actor,
  schema: ResourceSchema,
  fields: object,
  verb: Verb,
  network?: PolicyNetwork,
): void {
  const given: View = { ...fields };
  const looked = Object.entries(schema.attributes).flatMap(([name, { policy }]) =>
    policy !== undefined && Object.hasOwn(given, name) ? [[name, given[name], policy] as const] : [],
  );
  const refused = findRefusal(actor, `rule:${verb}_${schema.name}`, looked, network);
  if (refused !== undefined) throw forbidden(refused);
}
