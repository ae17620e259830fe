import { bodyJson } from "../../../kernel/index.ts";
import type { Actor } from "../../cloud.ts";
import { repr } from "../../common/python.ts";
import { Refusal } from "../../common/refusal.ts";
import type { Context } from "../../common/service.ts";
import { isIp, prefixOf } from "../behaviour/ip.ts";
import { badInput, denied, type Fields, httpBadRequest } from "./wire.ts";

/*
 * What a resource is made of, as a table, and how a request's body becomes values: the owner is checked first, then unknown
 * names, then missing or read-only ones, then each value is converted; what is left is a matter of policy.
 */

/** Converts a value; throws why it is refused: a `Reason` for the usual sentence, or a whole `Refusal`. */
export type Convert = (value: unknown) => unknown;

export class Reason extends Error {}

export interface Attribute {
  /** May be given at creation (default true), and changed later (default true). */
  readonly post?: boolean;
  readonly put?: boolean;
  readonly isRequired?: boolean;
  readonly convert?: Convert;
  /** Whether policy looks at it at all, so that refusals name it; and whether it takes an administrator. */
  readonly policy?: (value: unknown, verb: "create" | "update") => "member" | "admin";
  /** Names of the parts that policy looks at too. */
  readonly policyParts?: (value: unknown) => readonly string[];
  /** Not on the wire as a filter. */
  readonly isFilter?: false;
  readonly isBoolean?: true;
}
export type Attributes = Readonly<Record<string, Attribute>>;

const TEXT_MAX = 255;
export const text =
  (max = TEXT_MAX): Convert =>
  (value) => {
    if (typeof value !== "string") throw new Reason(`'${plain(value)}' is not a valid string.`);
    if (value.length > max) throw new Reason(`'${value}' exceeds maximum length of ${max}.`);
    return value;
  };
const plain = (value: unknown): string => (typeof value === "string" ? value : repr(value));

export const boolean: Convert = (value) => {
  if (typeof value === "boolean") return value;
  const word = String(value).toLowerCase();
  if (["true", "1"].includes(word)) return true;
  if (["false", "0"].includes(word)) return false;
  throw badInput(`'${plain(value)}' cannot be converted to boolean`);
};
export const integer: Convert = (value) => {
  const number = typeof value === "boolean" || value === "" || value === null ? Number.NaN : Number(value);
  if (!Number.isInteger(number)) throw badInput(`'${plain(value)}' is not an integer`);
  return number;
};
export const oneOf =
  (values: readonly unknown[], before: Convert = (value) => value): Convert =>
  (value) => {
    const converted = before(value);
    if (!values.includes(converted)) throw new Reason(`${plain(converted)} is not in valid_values.`);
    return converted;
  };
export const orNull =
  (convert: Convert): Convert =>
  (value) =>
    value === null ? null : convert(value);
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
export const uuid: Convert = (value) => {
  if (typeof value !== "string" || !UUID.test(value)) throw new Reason(`'${plain(value)}' is not a valid UUID.`);
  return value;
};
function firstRepeated(items: readonly unknown[]): unknown {
  const seen = new Set<unknown>();
  return items.find((each) => seen.size === seen.add(each).size);
}

export const uuids: Convert = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Reason(`'${plain(value)}' is not a list.`);
  const repeated = firstRepeated(value);
  if (repeated !== undefined) throw new Reason(`Duplicate items in the list: '${plain(repeated)}'.`);
  return value.map(uuid);
};
export const ip: Convert = (value) => {
  if (!isIp(value)) throw new Reason(`'${plain(value)}' is not a valid IP address.`);
  return value;
};
export const cidr = (value: unknown): string => {
  const prefix = typeof value === "string" && value.includes("/") ? prefixOf(value) : undefined;
  if (prefix === undefined) throw new Reason(`'${plain(value)}' is not a valid CIDR.`);
  return prefix.text;
};
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;
export const mac: Convert = (value) => {
  if (typeof value !== "string" || !MAC.test(value)) throw new Reason(`'${plain(value)}' is not a valid MAC address.`);
  return value.toLowerCase();
};
export const list: Convert = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Reason(`'${plain(value)}' is not a list.`);
  return value;
};

/** A list of addresses; a bare string is read letter by letter, as the service does. */
export const nameservers: Convert = (value) => {
  if (value === null) return [];
  const items: readonly unknown[] = typeof value === "string" ? Array.from(value) : (list(value) as unknown[]);
  for (const each of items)
    if (!isIp(each))
      throw new Reason(`'${plain(each)}' is not a valid nameserver. '${plain(each)}' is not a valid IP address.`);
  const repeated = firstRepeated(items);
  if (repeated !== undefined) throw new Reason(`Duplicate nameserver '${plain(repeated)}'.`);
  return items;
};

export const dictionary = (value: unknown): Fields => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Reason(`'${plain(value)}' is not a dictionary.`);
  return value as Fields;
};

/** Refuses a dictionary whose keys are not these. */
export function keysOf(value: unknown, required: readonly string[], optional: readonly string[] = []): Fields {
  const fields = dictionary(value);
  const names = Object.keys(fields);
  const isFine =
    required.every((name) => names.includes(name)) && names.every((name) => [...required, ...optional].includes(name));
  if (isFine) return fields;
  const quoted = (list_: readonly string[]): string => `{${list_.map((name) => `'${name}'`).join(", ")}}`;
  throw new Reason(
    `Validation of dictionary's keys failed. Expected keys: ${quoted(required)} Provided keys: ${quoted(names)}.`,
  );
}

const listOf = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw new Reason(`Invalid data format for ${what}: '${plain(value)}'.`);
  return value;
};

/** Addresses of a port: on a subnet, of their own, or both. */
export const fixedIps: Convert = (value) =>
  listOf(value, "fixed IP").map((each) => {
    if (typeof each !== "object" || each === null || Array.isArray(each))
      throw new Reason(`Invalid data format for fixed IP: '${plain(each)}'.`);
    const { subnet_id: subnetId, ip_address: address } = dictionary(each);
    return {
      ...(subnetId !== undefined && { subnet_id: uuid(subnetId) }),
      ...(address !== undefined && { ip_address: ip(address) }),
    };
  });

/** Pairs of addresses that a port lets pass beside its own. */
export const addressPairs: Convert = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw httpBadRequest("Allowed address pairs must be a list.");
  return value.map((each) => {
    const { ip_address: address, mac_address: own } = dictionary(each);
    if (address === undefined) throw badInput("AllowedAddressPair must contain ip_address");
    const isFine = isIp(address) || (typeof address === "string" && prefixOf(address) !== undefined);
    if (!isFine) throw new Reason(`'${plain(address)}' is not a valid IP address.`);
    return { ip_address: address, ...(own !== undefined && { mac_address: mac(own) }) };
  });
};

/** Ranges that a subnet gives addresses from. */
export const pools: Convert = (value) =>
  listOf(value, "IP pool").map((each) => {
    const names = typeof each === "object" && each !== null && !Array.isArray(each) ? Object.keys(each) : [];
    if ([...names].sort().join() !== "end,start")
      throw new Reason(`Invalid input. '${plain(each)}' must be a dictionary with keys: ['start', 'end'].`);
    const { start, end } = dictionary(each);
    return { start: ip(start), end: ip(end) };
  });

const isText = (value: unknown): boolean => typeof value === "string" && value.length <= TEXT_MAX;

/** Options for DHCP clients, of either version. */
export const dhcpOptions: Convert = (value) => {
  if (value === null) return [];
  if (!Array.isArray(value)) throw badInput(`'${plain(value)}' is not a list`);
  for (const each of value as unknown[])
    if (!isDhcpOption(each)) throw badInput(`No valid key specs matched for: ${repr(each)}`);
  return value;
};

function isDhcpOption(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { opt_name: name, opt_value: text_, ip_version: version = 4, id, ...others } = value as Fields;
  const isNamed = typeof name === "string" && name.trim() !== "" && isText(name);
  const isKnown = Object.keys(others).length === 0 && (id === undefined || (typeof id === "string" && UUID.test(id)));
  return isNamed && isKnown && (text_ === null || isText(text_)) && [4, 6, "4", "6"].includes(version as number);
}

export const routes: Convert = (value) =>
  listOf(value ?? [], "hostroute").map((each) => {
    const { destination, nexthop } = keysOf(each, ["nexthop", "destination"]);
    return { destination: cidr(destination), nexthop: ip(nexthop) };
  });

/** Attributes that every resource has. */
export const COMMON: Attributes = {
  id: { post: false, put: false },
  tenant_id: { put: false },
  project_id: { put: false },
  created_at: { post: false, put: false },
  updated_at: { post: false, put: false },
  revision_number: { post: false, put: false },
  description: { convert: (value) => (value === null ? "" : text()(value)) },
  tags: { post: false, put: false },
};

export interface Shape {
  /** `network`, `networks`: members of bodies. */
  readonly name: string;
  readonly collection: string;
  /** Served by the core of Neutron, whose errors about bodies differ from those of extensions. */
  readonly isCore: boolean;
  readonly isBulk: boolean;
  readonly attributes: Attributes;
}

/** The body's items and whether they came as a list. @throws Refusal 400 */
export function itemsOf(
  context: Context,
  shape: Shape,
): { readonly items: readonly Fields[]; readonly isBulk: boolean } {
  const body = bodyObject(context, shape);
  const many = body[shape.collection];
  if (many === undefined) return { items: [single(body, shape)], isBulk: false };
  if (!shape.isBulk) throw httpBadRequest("Bulk operation not supported");
  if (!Array.isArray(many) || many.length === 0) throw httpBadRequest("Resources required");
  if (many.some((each) => typeof each !== "object" || each === null))
    throw httpBadRequest("Body contains invalid data");
  return { items: many as Fields[], isBulk: true };
}

export const itemOf = (context: Context, shape: Shape): Fields => single(bodyObject(context, shape), shape);

function bodyObject(context: Context, { isCore }: Shape): Fields {
  if (isCore && context.request.body.length === 0) return {};
  const body = bodyJson(context.request);
  if (!body.ok || typeof body.value !== "object" || body.value === null || Array.isArray(body.value))
    throw isCore
      ? httpBadRequest("Body contains invalid data")
      : new Refusal(400, "MalformedRequestBody", "Malformed request body: Cannot understand JSON.");
  if (!isCore && Object.keys(body.value).length === 0) throw httpBadRequest("Resource body required");
  return body.value as Fields;
}

function single(body: Fields, { name }: Shape): Fields {
  const item = body[name];
  if (item === undefined || item === null) throw httpBadRequest(`Unable to find '${name}' in request body`);
  if (typeof item !== "object" || Array.isArray(item)) throw httpBadRequest(`Object '${name}' contains invalid data`);
  return item as Fields;
}

/** The project that a new thing belongs to: the caller's, or for an admin the one that is named. @throws Refusal 400 */
export function projectOf(actor: Actor, fields: Fields): string {
  const named = fields.project_id ?? fields.tenant_id;
  if (named === undefined || named === actor.projectId) return actor.projectId;
  if (actor.isAdmin) return String(named);
  throw httpBadRequest(
    "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges",
  );
}

/** Checks and converts what a client sent. @throws Refusal 400, 403 */
export function checked(actor: Actor, shape: Shape, item: Fields, verb: "create" | "update"): Fields {
  const { attributes } = shape;
  projectOf(actor, item);
  const unknown = Object.keys(item).filter((name) => !Object.hasOwn(attributes, name));
  if (unknown.length > 0) throw httpBadRequest(`Unrecognized attribute(s) '${unknown.join(", ")}'`);
  for (const [name, attribute] of Object.entries(attributes)) {
    const isGiven = Object.hasOwn(item, name);
    if (verb === "create" && attribute.isRequired === true && !isGiven)
      throw httpBadRequest(`Failed to parse request. Required attribute '${name}' not specified`);
    if (verb === "create" && attribute.post === false && isGiven)
      throw httpBadRequest(`Attribute '${name}' not allowed in POST`);
    if (verb === "update" && attribute.put === false && isGiven)
      throw httpBadRequest(`Cannot update read-only attribute ${name}`);
  }
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, converted(name, value, attributes[name]?.convert)]),
  );
}

function converted(name: string, value: unknown, convert: Convert | undefined): unknown {
  try {
    return convert === undefined ? value : convert(value);
  } catch (error) {
    if (error instanceof Reason) throw httpBadRequest(`Invalid input for ${name}. Reason: ${error.message}`);
    throw error;
  }
}

/** Refuses what takes an administrator, naming every attribute that policy looked at. @throws Refusal 403 */
export function checkPolicy(actor: Actor, shape: Shape, fields: Fields, verb: "create" | "update"): void {
  if (actor.isAdmin) return;
  const base = `rule:${verb}_${shape.name}`;
  let isDenied = false;
  let rule = base;
  for (const [name, { policy, policyParts }] of Object.entries(shape.attributes)) {
    if (policy === undefined || !Object.hasOwn(fields, name)) continue;
    const parts = policyParts?.(fields[name]).map((part) => `${base}:${name}:${part}`) ?? [];
    const own = parts.length === 0 ? `${base}:${name}` : `(${base}:${name} and (${parts.join(" and ")}))`;
    rule = `(${rule} and ${own})`;
    isDenied ||= policy(fields[name], verb) === "admin";
  }
  if (isDenied) throw denied(rule);
}

export const forAdmins = (): "admin" => "admin";
