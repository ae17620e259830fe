import type { Schema } from "../schema/index.ts";

/*
 * Request schemas of Keystone 22. Its error messages print the schema, so every member counts; the order of members is the
 * order of validation.
 */

const boolean: Schema = { type: "boolean", enum: [true, false, null] };
const nullableBoolean: Schema = { type: ["boolean", "null"], enum: [true, false, null] };
const name = (maxLength: number): Schema => ({ type: "string", minLength: 1, maxLength, pattern: "[\\S]+" });
const id: Schema = { type: "string", minLength: 1, maxLength: 64, pattern: "^[a-zA-Z0-9-]+$" };
const nullableId: Schema = { ...id, type: ["string", "null"] };
const text: Schema = { type: ["string", "null"] };
const string: Schema = { type: "string" };
const tags: Schema = {
  type: "array",
  items: { type: "string", minLength: 1, maxLength: 255, pattern: "^[^,/]*$" },
  required: [],
  maxItems: 80,
  uniqueItems: true,
};
const options = (names: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties: names,
  additionalProperties: false,
});
const immutable = options({ immutable: { type: ["boolean", "null"], enum: [true, false, null] } });
const object = (properties: Readonly<Record<string, Schema>>, rest: Partial<Schema> = {}): Schema => ({
  type: "object",
  properties,
  ...rest,
});
const create = (properties: Readonly<Record<string, Schema>>, required: readonly string[]): Schema =>
  object(properties, { required, additionalProperties: true });
const update = (properties: Readonly<Record<string, Schema>>): Schema =>
  object(properties, { minProperties: 1, additionalProperties: true });

const project = {
  description: text,
  domain_id: nullableId,
  enabled: boolean,
  is_domain: boolean,
  parent_id: nullableId,
  name: name(64),
  tags,
  options: immutable,
};
const { parent_id: _parent, ...projectUpdate } = project;
const userOptions = options({
  ignore_change_password_upon_first_use: nullableBoolean,
  ignore_password_expiry: nullableBoolean,
  ignore_lockout_failure_attempts: nullableBoolean,
  lock_password: nullableBoolean,
  ignore_user_inactivity: nullableBoolean,
  multi_factor_auth_enabled: nullableBoolean,
  multi_factor_auth_rules: {
    type: ["array", "null"],
    items: { type: "array", items: string, minItems: 1, uniqueItems: true },
    uniqueItems: true,
  },
});
const federated: Schema = {
  type: "array",
  items: object(
    {
      idp_id: string,
      protocols: {
        type: "array",
        items: object({ protocol_id: string, unique_id: string }, { required: ["protocol_id", "unique_id"] }),
        minItems: 1,
      },
    },
    { required: ["idp_id", "protocols"] },
  ),
};
const user = {
  default_project_id: nullableId,
  description: text,
  domain_id: id,
  enabled: boolean,
  federated,
  name: name(255),
  password: text,
  options: userOptions,
};
const domain = { description: text, enabled: boolean, name: name(64), tags };
const role = { name: name(255), description: string, options: immutable };
const group = { description: text, domain_id: id, name: name(255) };
const service = { enabled: boolean, name: name(255), type: { type: "string", minLength: 1, maxLength: 255 } };
const endpoint = {
  enabled: boolean,
  interface: { type: "string", enum: ["admin", "internal", "public"] },
  region_id: string,
  region: string,
  service_id: string,
  url: { type: "string", minLength: 0, maxLength: 225, pattern: "^[a-zA-Z0-9+.-]+:.+" },
};
const region = { description: text, id: string, parent_region_id: text };
const policy = { blob: string, type: { type: "string", maxLength: 255 } };
const credential = { blob: string, project_id: string, type: string, user_id: string };

/** By collection: what a POST and a PATCH must look like. */
export const SCHEMAS: Readonly<Record<string, { readonly create: Schema; readonly update: Schema }>> = {
  projects: { create: create(project, ["name"]), update: update(projectUpdate) },
  // `options` beside `properties` is a slip of Keystone's own that its messages show.
  users: {
    create: { ...create(user, ["name"]), options: { type: "object" } } as Schema,
    update: update(user),
  },
  domains: { create: create(domain, ["name"]), update: update(domain) },
  roles: { create: create(role, ["name"]), update: update(role) },
  groups: { create: create(group, ["name"]), update: update(group) },
  services: { create: create(service, ["type"]), update: update(service) },
  endpoints: { create: create(endpoint, ["interface", "service_id", "url"]), update: update(endpoint) },
  regions: { create: object(region, { additionalProperties: true }), update: update(region) },
  policies: { create: create(policy, ["blob", "type"]), update: update(policy) },
  credentials: {
    create: {
      type: "object",
      properties: credential,
      additionalProperties: true,
      oneOf: [
        {
          title: "ec2 credential requires project_id",
          required: ["blob", "type", "user_id", "project_id"],
          properties: { type: { enum: ["ec2"] } },
        } as Schema,
        {
          title: "non-ec2 credential does not require project_id",
          required: ["blob", "type", "user_id"],
          properties: { type: { not: { enum: ["ec2"] } } },
        } as Schema,
      ],
    },
    update: object({ blob: string }, { additionalProperties: false, required: ["blob"] }),
  },
};

const named = object({ id: string, name: string });

/** The value of `auth` in POST /v3/auth/tokens. */
export const AUTH: Schema = object(
  {
    identity: object(
      {
        methods: { type: "array", items: string },
        password: object({
          user: object({ id: string, name: string, password: string, domain: named }),
        }),
        token: object({ id: string }, { required: ["id"] }),
      },
      { required: ["methods"] },
    ),
    scope: {
      type: ["object", "string"],
      properties: {
        project: object({ name: string, id: string, domain: named }),
        domain: named,
        "OS-TRUST:trust": object({ id: string }),
        system: object({ all: boolean }),
      },
    },
  },
  { required: ["identity"] },
);

export const APP_CREDENTIAL: Schema = object(
  {
    name: name(255),
    description: text,
    secret: text,
    expires_at: text,
    roles: { type: "array", items: object({ id, name: name(255) }) },
    unrestricted: nullableBoolean,
    access_rules: { type: "array" },
  },
  { required: ["name"], additionalProperties: true },
);
