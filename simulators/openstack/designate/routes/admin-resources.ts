import { type HttpReply, json } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { type AdminKind, type AdminRow, type Designate, NAMESERVER, POOL_ID } from "../state/state.ts";
import { badRequest, duplicate, forbidden, missingField, notFound } from "../wire/errors.ts";
import {
  attributes,
  description,
  type ObjectSchema,
  oneOf,
  parseObject,
  pattern,
  text,
  textOrNull,
  tld,
  uuid,
} from "../wire/fields.ts";
import { nsRecords } from "../wire/ns-records.ts";
import { listReply } from "../wire/lists.ts";
import { bodyOf, forAdmins, idIn, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

/*
 * What administrators maintain. Each row is a table of designate/objects/*.py and designate/api/v2/controllers/*.py of Zed.
 */

const ALGORITHMS = ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"];

const PATTERN_LENGTH_MAX = 255;
const DESCRIPTION_LENGTH_MAX = 160;
const KEY_LENGTH_MAX = 160;
const POOL_NAME_LENGTH_MAX = 50;
const PROJECT_LENGTH_MAX = 36;

interface AdminResource {
  /** The member of the path that names one. */
  readonly param: string;
  readonly schema: ObjectSchema;
  /** The required fields, in the order in which they are reported missing. */
  readonly required: readonly string[];
  /** The values of fields that were not given at creation. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** The fields whose values must be unique. */
  readonly unique: string;
  /** The type of its errors, and its name in their messages. */
  readonly error: string;
  readonly title: string;
  readonly filters: readonly string[];
  readonly sorts: readonly string[];
  readonly updateStatus: number;
  readonly showsProject?: boolean;
}

const RESOURCES: Readonly<Record<AdminKind, AdminResource>> = {
  tlds: {
    param: "tld_id",
    schema: { kind: "tld", fields: { name: tld, description } },
    required: ["name"],
    defaults: { description: null },
    unique: "name",
    error: "tld",
    title: "Tld",
    filters: ["name"],
    sorts: ["name"],
    updateStatus: 200,
  },
  blacklists: {
    param: "blacklist_id",
    schema: {
      kind: "blacklist",
      fields: {
        pattern: pattern(PATTERN_LENGTH_MAX),
        description: (value, field) => (value === null ? null : pattern(DESCRIPTION_LENGTH_MAX)(value, field)),
      },
    },
    required: ["pattern"],
    defaults: { description: null },
    unique: "pattern",
    error: "blacklist",
    title: "Blacklist",
    filters: ["pattern"],
    sorts: ["pattern"],
    updateStatus: 200,
  },
  tsigkeys: {
    param: "tsigkey_id",
    schema: {
      kind: "tsigkey",
      fields: {
        name: text(KEY_LENGTH_MAX),
        algorithm: oneOf(...ALGORITHMS),
        secret: text(KEY_LENGTH_MAX),
        scope: oneOf("POOL", "ZONE"),
        resource_id: uuid,
      },
    },
    required: ["name", "algorithm", "secret", "scope", "resource_id"],
    defaults: {},
    unique: "name",
    error: "tsigkey",
    title: "TsigKey",
    filters: ["name", "algorithm", "scope"],
    sorts: ["name"],
    updateStatus: 200,
  },
  pools: {
    param: "pool_id",
    schema: {
      kind: "pool",
      fields: {
        name: text(POOL_NAME_LENGTH_MAX),
        description: textOrNull(DESCRIPTION_LENGTH_MAX),
        attributes,
        ns_records: nsRecords,
        project_id: textOrNull(PROJECT_LENGTH_MAX),
      },
      inner: { project_id: "tenant_id" },
    },
    required: ["name"],
    defaults: { description: null, attributes: {}, ns_records: [] },
    unique: "name",
    error: "pool",
    title: "Pool",
    filters: ["name"],
    sorts: ["name"],
    updateStatus: 202,
    showsProject: true,
  },
};

const linkTo = (context: RequestContext, kind: AdminKind, row: AdminRow): string =>
  `${rootOf(context)}/${kind}/${row.id}`;

const view = (context: RequestContext, kind: AdminKind, row: AdminRow): View => ({
  id: row.id,
  ...(RESOURCES[kind].showsProject === true && { project_id: row.projectId }),
  ...row.fields,
  ...dateMembers(row),
  links: { self: linkTo(context, kind, row) },
});

/** @throws Refusal 400, 404 */
function requireRow({ slot }: Designate, context: RequestContext, kind: AdminKind): AdminRow {
  const { param, error, title } = RESOURCES[kind];
  const row = slot.value.admin[kind].get(idIn(context, param));
  if (row === undefined) throw notFound(`${error}_not_found`, title);
  return row;
}

/** @throws Refusal 409 */
function checkUnique({ slot }: Designate, kind: AdminKind, fields: View, ownId?: string): void {
  const { unique, error, title } = RESOURCES[kind];
  for (const other of slot.value.admin[kind].values())
    if (other.id !== ownId && other.fields[unique] === fields[unique]) throw duplicate(`duplicate_${error}`, title);
}

/** The body is read before the sender is checked. */
function create(designate: Designate, context: RequestContext, kind: AdminKind): HttpReply {
  const { schema, required, defaults } = RESOURCES[kind];
  const { kernel } = designate.cloud;
  const body = parseObject(bodyOf(context), { ...schema, fragile: ["id"] });
  for (const name of required) if (!Object.hasOwn(body, name)) throw missingField(name);
  if (!context.actor.isAdmin) throw forbidden();
  checkUnique(designate, kind, body);
  const names = Object.keys(schema.fields).filter((name) => name !== "project_id");
  const fields = Object.fromEntries(names.map((name) => [name, body[name] ?? defaults[name]]));
  const row: AdminRow = {
    id: designate.cloud.uuid("designate"),
    fields,
    projectId: typeof body.project_id === "string" ? body.project_id : context.actor.projectId,
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.admin[kind].set(row.id, row);
  kernel.record("designate", `${schema.kind}.create`, row.id, { name: fields[RESOURCES[kind].unique] });
  return json(201, view(context, kind, row), { Location: linkTo(context, kind, row) });
}

function update(designate: Designate, context: RequestContext, kind: AdminKind): HttpReply {
  const row = requireRow(designate, context, kind);
  const { schema, updateStatus } = RESOURCES[kind];
  const current = { id: row.id, project_id: row.projectId };
  const fixed = kind === "pools" ? Object.keys(current) : ["id"];
  const fields = { ...row.fields, ...parseObject(bodyOf(context), { ...schema, fixed }, current) };
  if (Array.isArray(fields.ns_records) && fields.ns_records.length === 0)
    throw badRequest("last_server_delete_not_allowed", "Not allowed to delete last of servers");
  checkUnique(designate, kind, fields, row.id);
  Object.assign(row, { fields, updatedMs: designate.cloud.kernel.nowMs });
  return json(updateStatus, view(context, kind, row));
}

function remove(designate: Designate, context: RequestContext, kind: AdminKind): HttpReply {
  const { id } = requireRow(designate, context, kind);
  designate.slot.value.admin[kind].delete(id);
  designate.cloud.kernel.record("designate", `${RESOURCES[kind].schema.kind}.delete`, id);
  return { status: 204 };
}

const keysOf = (names: readonly string[]): Readonly<Record<string, (row: AdminRow) => string>> =>
  Object.fromEntries(names.map((name) => [name, ({ fields }: AdminRow) => String(fields[name])]));

function list({ slot }: Designate, context: RequestContext, kind: AdminKind): HttpReply {
  const { filters, sorts } = RESOURCES[kind];
  return listReply(context, {
    member: kind,
    path: `/${kind}`,
    rows: [...slot.value.admin[kind].values()],
    view: (row) => view(context, kind, row),
    filters: keysOf(filters),
    sorts: keysOf(sorts),
    counts: false,
  });
}

function routesOf(designate: Designate, kind: AdminKind): readonly OpenStackRoute[] {
  const all = `/v2/${kind}`;
  const one = `${all}/:${RESOURCES[kind].param}`;
  const handle = (work: (designate: Designate, context: RequestContext, kind: AdminKind) => HttpReply) =>
    forAdmins((context) => work(designate, context, kind));
  const show = (_designate: Designate, context: RequestContext): HttpReply =>
    json(200, view(context, kind, requireRow(designate, context, kind)));
  return [
    { method: "GET", path: all, handler: handle(list) },
    { method: "POST", path: all, handler: (context) => create(designate, context, kind) },
    { method: "GET", path: one, handler: handle(show) },
    { method: "PATCH", path: one, handler: handle(update) },
    { method: "DELETE", path: one, handler: handle(remove) },
  ];
}

/** The pool with which the cloud begins. */
function addDefaultPool({ slot, cloud }: Designate): void {
  slot.value.admin.pools.set(POOL_ID, {
    id: POOL_ID,
    fields: {
      name: "default",
      description: "Default Pool",
      attributes: {},
      ns_records: [{ hostname: NAMESERVER, priority: 1 }],
    },
    projectId: null,
    createdMs: cloud.kernel.nowMs,
    updatedMs: null,
  });
}

/** `/v2/tlds`, `/v2/blacklists`, `/v2/tsigkeys`, `/v2/pools`. */
export function adminResourceRoutes(designate: Designate): readonly OpenStackRoute[] {
  addDefaultPool(designate);
  return (["tlds", "blacklists", "tsigkeys", "pools"] as const).flatMap((kind) => routesOf(designate, kind));
}
