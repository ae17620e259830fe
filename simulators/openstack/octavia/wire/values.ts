import { bodyJson, isObject, isUuid } from "../../../kernel/index.ts";
import { isIp, parsePrefix } from "../../neutron/behaviour/ip.ts";
import { str } from "../../python/index.ts";
import { Refusal } from "../../refusal.ts";
import type { RequestContext } from "../../service.ts";
import { type Check, KINDS, type KindName, type OctaviaAttribute } from "../state/attributes.ts";
import { badRequest, invalidValue } from "./errors.ts";

/** The attributes that a client gave, checked. */
export type Values = Readonly<Record<string, unknown>>;

/** An address beside the first: a subnet, and which address of it. */
const isVip = (value: unknown): boolean =>
  isObject(value) &&
  Object.keys(value).every((name) => name === "subnet_id" || name === "ip_address") &&
  typeof value.subnet_id === "string" &&
  isUuid(value.subnet_id) &&
  (value.ip_address == null || isIp(value.ip_address));

/** The framework takes a number as text too. */
const numberFrom = (value: unknown): unknown =>
  typeof value === "string" && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value;

/** Why a value does not fit; `undefined` if it does. */
function whyNot(check: Check, value: unknown): string | undefined {
  switch (check.type) {
    case "text": {
      if (typeof value !== "string") return "Wrong type. Expected '<class 'str'>'";
      if (value.length > (check.max ?? Number.POSITIVE_INFINITY))
        return `Value should have a maximum character requirement of ${check.max}`;
      return check.pattern?.test(value) === false ? "Value should match the pattern" : undefined;
    }
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return "Wrong type. Expected '<class 'int'>'";
      if (value < check.min) return `Value should be greater or equal to ${check.min}`;
      return value > check.max ? `Value should be lower or equal to ${check.max}` : undefined;
    case "choice":
      return typeof value === "string" && check.values.includes(value)
        ? undefined
        : `Value should be one of: ${check.values.join(", ")}`;
    case "boolean":
      return typeof value === "boolean" ? undefined : "Wrong type. Expected '<class 'bool'>'";
    case "uuid":
      return typeof value === "string" && isUuid(value) ? undefined : "Value should be UUID format";
    case "ip":
      return isIp(value) ? undefined : "Value should be IPv4 or IPv6 format";
    case "texts":
      return Array.isArray(value) && value.every((each) => typeof each === "string")
        ? undefined
        : "Value should be a list";
    case "cidrs":
      return Array.isArray(value) && value.every((each) => parsePrefix(each) !== undefined)
        ? undefined
        : "Value should be IPv4 or IPv6 CIDR format";
    case "number":
      return check.values.some((each) => each === value)
        ? undefined
        : `Value should be one of: ${check.values.map((each) => each.toFixed(1)).join(", ")}`;
    case "vips":
      return Array.isArray(value) && value.every(isVip) ? undefined : "Value should be a list of subnets and addresses";
    case "object":
      return isObject(value) ? undefined : "Wrong type. Expected a dictionary";
  }
}

/** The object in a body. @throws Refusal 400 */
export function bodyOf({ request }: RequestContext, kind: string): Values {
  const body = bodyJson(request);
  if (!body.ok) throw new Refusal(400, "", "Invalid input for field/attribute body. Value: ''. Malformed JSON");
  const member = isObject(body.value) ? body.value[kind] : undefined;
  if (!isObject(member)) throw invalidValue(kind, str(member), "Mandatory field missing.");
  return member;
}

/** The value as it is kept. @throws Refusal 400 */
function checkedValue(name: string, { check, isNullable }: OctaviaAttribute, given: unknown): unknown {
  if (given === null && isNullable === true) return null;
  const value = check.type === "integer" || check.type === "number" ? numberFrom(given) : given;
  const why = whyNot(check, value);
  if (why !== undefined) throw invalidValue(name, str(given), why);
  return value;
}

/** Names that a body may have besides the attributes of the kind. */
const OWNERS = ["project_id", "tenant_id"];

type Attributes = Readonly<Record<string, OctaviaAttribute>>;

/** Checks a new object; what is left out gets its default. @throws Refusal 400 */
export const newValues = (kind: KindName, given: Values): Values => newValuesOf(KINDS[kind].attributes, given, OWNERS);

/** The same of an object with these attributes; `more` are names that it may have besides. @throws Refusal 400 */
export function newValuesOf(attributes: Attributes, given: Values, more: readonly string[] = []): Values {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(attributes, name) && !more.includes(name));
  if (unknown !== undefined) throw invalidValue(unknown, str(given[unknown]), `Unknown attribute: ${unknown}`);
  const values: Record<string, unknown> = {};
  for (const [name, attribute] of Object.entries(attributes)) {
    if (given[name] === undefined && attribute.isRequired === true)
      throw invalidValue(name, "None", "Mandatory field missing.");
    const value = given[name] === undefined ? null : checkedValue(name, attribute, given[name]);
    values[name] = value ?? attribute.fallback ?? null;
  }
  return values;
}

/** Checks a change: null means the default. @throws Refusal 400 */
export const changedValues = (kind: KindName, given: Values): Values => changedValuesOf(KINDS[kind].attributes, given);

/** The same of an object with these attributes. @throws Refusal 400 */
export function changedValuesOf(attributes: Attributes, given: Values): Values {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (attribute === undefined) throw invalidValue(name, str(value), `Unknown attribute: ${name}`);
    if (attribute.isFixed === true) throw badRequest(`${name} cannot be updated.`);
    values[name] = checkedValue(name, attribute, value) ?? attribute.fallback ?? null;
  }
  return values;
}
