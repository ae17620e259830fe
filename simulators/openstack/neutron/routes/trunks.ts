import { bodyJson, isUuid, type HttpReply, json } from "../../../kernel/index.ts";
import { str } from "../../python/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { addSubports, checkSubports, endTrunk, removeSubports, requireParent } from "../behaviour/trunks.ts";
import type { Subport, TrunkRow } from "../state/extension-rows.ts";
import { type Neutron, newRow, touch } from "../state/state.ts";
import { withStandard } from "../wire/attributes.ts";
import { boolean, type Convert, InvalidValue, orEmpty, text, uuid } from "../wire/converters.ts";
import { badInput, conflict } from "../wire/errors.ts";
import { isDictionary } from "../wire/structures.ts";
import { projectMembers, revisionMembers, type View } from "../wire/views.ts";
import { requireRow, type Resource } from "./resource.ts";

/** One part of a trunk, as neutron-lib's `validators.validate_subports` takes it. @throws InvalidValue */
function checkSubport(each: unknown, seen: Set<unknown>): View {
  if (!isDictionary(each)) throw new InvalidValue(`Invalid data format for subport: '${str(each)}' is not a dict.`);
  const { port_id: id } = each;
  if (id === undefined) throw new InvalidValue("A valid port UUID must be specified.");
  if (typeof id !== "string" || !isUuid(id)) throw new InvalidValue(`Invalid UUID for subport: '${str(id)}'.`);
  if (seen.has(id)) throw new InvalidValue(`Non unique UUID for subport: '${id}'.`);
  seen.add(id);
  const { segmentation_id: number, segmentation_type: type } = each;
  if (type === "inherit") return each;
  if ((!number || !type) && Object.keys(each).length > 1)
    throw new InvalidValue(
      `Invalid subport details '${str(each)}': missing segmentation information. Must specify both segmentation_id and segmentation_type.`,
    );
  const key = `${str(type)} ${str(number)}`;
  if (number !== undefined && seen.has(key))
    throw new InvalidValue(`Segmentation ID '${str(number)}' for '${id}' is not unique.`);
  seen.add(key);
  return each;
}

const subports: Convert<readonly View[]> = (value) => {
  if (!Array.isArray(value)) throw new InvalidValue(`Invalid data format for subports: '${str(value)}' is not a list.`);
  const seen = new Set<unknown>();
  return value.map((each) => checkSubport(each, seen));
};

/** neutron-lib, `api/definitions/trunk.py`. */
const ATTRIBUTES = withStandard({
  admin_state_up: { convert: boolean, filter: boolean },
  name: { convert: text },
  port_id: { isRequired: true, put: false, convert: uuid },
  status: { post: false, put: false },
  sub_ports: { put: false, convert: orEmpty(subports) },
});

const view = ({ slot }: Neutron, _actor: unknown, row: TrunkRow): View => ({
  id: row.id,
  name: row.name,
  admin_state_up: row.adminStateUp,
  port_id: row.portId,
  status: slot.value.ports.get(row.portId)?.status ?? "DOWN",
  sub_ports: row.subports,
  description: row.description,
  tags: row.tags,
  ...projectMembers(row.projectId),
  ...revisionMembers(row),
});

/** `/v2.0/trunks` */
export const TRUNKS: Resource<TrunkRow, typeof ATTRIBUTES> = {
  name: "trunk",
  collection: "trunks",
  path: "trunks",
  exception: "Trunk",
  clients: ["openstack"],
  isCore: false,
  isBulk: true,
  attributes: ATTRIBUTES,
  rows: ({ slot }) => slot.value.trunks.values(),
  find: ({ slot }, id) => slot.value.trunks.get(id),
  view,
  create: (neutron, actor, projectId, fields) => {
    const parent = requireParent(neutron, actor, fields.port_id);
    const parts = checkSubports(neutron, actor, parent.id, fields.sub_ports ?? []);
    const row: TrunkRow = {
      ...newRow(neutron, projectId, 0, fields.description),
      name: fields.name ?? "",
      adminStateUp: fields.admin_state_up ?? true,
      portId: parent.id,
      subports: [],
    };
    neutron.slot.value.trunks.set(row.id, row);
    neutron.slot.value.trunkByPort.set(parent.id, row.id);
    addSubports(neutron, row, parts);
    neutron.cloud.kernel.record("neutron", "trunk.create", row.id, { project: projectId, port: parent.id });
    return row;
  },
  update: (_neutron, _actor, row, fields) => {
    row.name = fields.name ?? row.name;
    row.description = fields.description ?? row.description;
    row.adminStateUp = fields.admin_state_up ?? row.adminStateUp;
  },
  remove: (neutron, _actor, row) => {
    checkManageable(row);
    if (neutron.slot.value.ports.get(row.portId)?.deviceOwner.startsWith("compute:") === true)
      throw conflict("TrunkInUse", `Trunk ${row.id} is currently in use.`);
    endTrunk(neutron, row);
  },
};

/** @throws Refusal 409 */
function checkManageable({ id, adminStateUp }: TrunkRow): void {
  if (!adminStateUp) throw conflict("TrunkDisabled", `Trunk ${id} is currently disabled.`);
}

/** The parts that a body names. @throws Refusal 400 */
function subportsIn({ request }: RequestContext): readonly View[] {
  const body = bodyJson(request);
  const given = body.ok && isDictionary(body.value) ? body.value.sub_ports : undefined;
  try {
    return subports(given);
  } catch (error) {
    if (error instanceof InvalidValue) throw badInput(error.message);
    throw error;
  }
}

/** Adding ports to a trunk, taking them out, listing them. */
export function trunkActions(neutron: Neutron): readonly OpenStackRoute[] {
  const rowIn = ({ actor, params }: RequestContext): TrunkRow => requireRow(neutron, TRUNKS, actor, params.id ?? "");
  const replyTo = (row: TrunkRow, context: RequestContext): HttpReply => {
    touch(neutron, row);
    return json(200, view(neutron, context.actor, row));
  };
  const change = (verb: string, work: (context: RequestContext, row: TrunkRow) => void): OpenStackRoute => ({
    method: "PUT",
    path: `/v2.0/trunks/:id/${verb}`,
    clients: ["openstack"],
    handler: (context) => {
      const row = rowIn(context);
      checkManageable(row);
      work(context, row);
      return replyTo(row, context);
    },
  });
  return [
    change("add_subports", (context, row) => {
      const added: readonly Subport[] = checkSubports(neutron, context.actor, row.portId, subportsIn(context));
      addSubports(neutron, row, added);
    }),
    change("remove_subports", (context, row) =>
      removeSubports(
        neutron,
        row,
        subportsIn(context).map((each) => String(each.port_id)),
      ),
    ),
    {
      method: "GET",
      path: "/v2.0/trunks/:id/get_subports",
      clients: ["openstack"],
      handler: (context) => json(200, { sub_ports: rowIn(context).subports }),
    },
  ];
}
