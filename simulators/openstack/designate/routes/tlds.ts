import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext, OpenStackRoute } from "../../service.ts";
import type { Designate, TldRow } from "../state/state.ts";
import { duplicate, invalidValue, missingProperty, notFound } from "../wire/errors.ts";
import { description } from "../wire/fields.ts";
import { listReply } from "../wire/lists.ts";
import { bodyOf, forAdmins, idIn, rootOf, type View } from "../wire/request.ts";
import { dateMembers } from "../wire/views.ts";

const NAME = /^(?!.{255,})(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-))(?:\.(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)))*$/;
const MEMBERS = ["name", "description"];

const linkTo = (context: RequestContext, { id }: TldRow): string => `${rootOf(context)}/tlds/${id}`;

const view = (context: RequestContext, row: TldRow): View => ({
  id: row.id,
  name: row.name,
  description: row.description,
  ...dateMembers(row),
  links: { self: linkTo(context, row) },
});

/** A name without a final dot that no other TLD has. @throws Refusal 400, 409 */
function parseName({ slot }: Designate, value: unknown, own?: TldRow): string {
  const name = String(value);
  if (!NAME.test(name)) throw invalidValue(`Domain ${name} is invalid`);
  if ([...slot.value.tlds.values()].some((row) => row !== own && row.name === name))
    throw duplicate("duplicate_tld", "Tld");
  return name;
}

/** @throws Refusal 400, 404 */
function requireTld({ slot }: Designate, context: RequestContext): TldRow {
  const row = slot.value.tlds.get(idIn(context, "tld_id"));
  if (row === undefined) throw notFound("tld_not_found", "Tld");
  return row;
}

const list = ({ slot }: Designate, context: RequestContext): HttpReply =>
  listReply(context, {
    member: "tlds",
    path: "/tlds",
    rows: [...slot.value.tlds.values()],
    view: (row) => view(context, row),
    keys: { name: ({ name }) => name, description: (row) => row.description, id: ({ id }) => id },
  });

function create(designate: Designate, context: RequestContext): HttpReply {
  const { kernel } = designate.cloud;
  const body = bodyOf(context, "tld", MEMBERS);
  if (body.name === undefined) throw missingProperty("tld", "name");
  const name = parseName(designate, body.name);
  const row: TldRow = {
    id: designate.cloud.uuid("designate"),
    name,
    description: description(body.description ?? null),
    createdMs: kernel.nowMs,
    updatedMs: null,
  };
  designate.slot.value.tlds.set(row.id, row);
  kernel.record("designate", "tld.create", row.id, { name });
  return json(201, view(context, row), { Location: linkTo(context, row) });
}

function update(designate: Designate, context: RequestContext): HttpReply {
  const row = requireTld(designate, context);
  const body = bodyOf(context, "tld", MEMBERS);
  if (body.name !== undefined) row.name = parseName(designate, body.name, row);
  if (body.description !== undefined) row.description = description(body.description);
  row.updatedMs = designate.cloud.kernel.nowMs;
  return json(200, view(context, row));
}

function remove(designate: Designate, context: RequestContext): HttpReply {
  const { id } = requireTld(designate, context);
  designate.slot.value.tlds.delete(id);
  designate.cloud.kernel.record("designate", "tld.delete", id);
  return { status: 204 };
}

/** `/v2/tlds`, for administrators. */
export function tldRoutes(designate: Designate): readonly OpenStackRoute[] {
  const handle = (work: (designate: Designate, context: RequestContext) => HttpReply): OpenStackRoute["handler"] =>
    forAdmins((context) => work(designate, context));
  const show = (_designate: Designate, context: RequestContext): HttpReply =>
    json(200, view(context, requireTld(designate, context)));
  return [
    { method: "GET", path: "/v2/tlds", handler: handle(list) },
    { method: "POST", path: "/v2/tlds", handler: handle(create) },
    { method: "GET", path: "/v2/tlds/:tld_id", handler: handle(show) },
    { method: "PATCH", path: "/v2/tlds/:tld_id", handler: handle(update) },
    { method: "DELETE", path: "/v2/tlds/:tld_id", handler: handle(remove) },
  ];
}
