import {
  admin,
  badRequest,
  type Call,
  checkedBody,
  conflict,
  links,
  type NovaRoute,
  nothing,
  notFound,
  ok,
} from "./call.ts";
import type { Flavor, Nova } from "./state.ts";

export interface NewFlavor {
  readonly id?: string;
  readonly name: string;
  readonly ram: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly ephemeral?: number;
}

export function addFlavor(nova: Nova, wanted: NewFlavor): Flavor {
  const state = nova.slot.value;
  const flavor: Flavor = {
    id: wanted.id ?? nova.cloud.uuid("nova"),
    name: wanted.name,
    ram: wanted.ram,
    vcpus: wanted.vcpus,
    disk: wanted.disk,
    ephemeral: wanted.ephemeral ?? 0,
    swap: 0,
    rxtx: 1,
    isPublic: true,
    isDisabled: false,
    description: null,
    extraSpecs: {},
    createdMs: nova.cloud.kernel.nowMs,
    seq: ++state.flavorsMade,
  };
  state.flavors.set(flavor.id, flavor);
  state.flavorNames.set(flavor.name, flavor.id);
  nova.cloud.kernel.record("nova", "flavor.create", flavor.id, { name: flavor.name });
  return flavor;
}

function view(call: Call, flavor: Flavor): object {
  return {
    id: flavor.id,
    name: flavor.name,
    ram: flavor.ram,
    disk: flavor.disk,
    swap: flavor.swap === 0 && call.version < 75 ? "" : flavor.swap,
    "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral,
    "OS-FLV-DISABLED:disabled": flavor.isDisabled,
    vcpus: flavor.vcpus,
    "os-flavor-access:is_public": flavor.isPublic,
    rxtx_factor: flavor.rxtx,
    links: links(call, "flavors", flavor.id),
    ...(call.version >= 55 && { description: flavor.description }),
    ...(call.version >= 61 && { extra_specs: flavor.extraSpecs }),
  };
}

const inOrder = ({ nova }: Call): readonly Flavor[] =>
  [...nova.slot.value.flavors.values()].sort((a, b) => (a.id < b.id ? -1 : 1));

/** @throws Refusal 404 */
export function flavorOf({ nova }: Call, id: string): Flavor {
  const flavor = nova.slot.value.flavors.get(id);
  if (flavor === undefined) throw notFound(`Flavor ${id} could not be found.`);
  return flavor;
}

function create(call: Call): ReturnType<NovaRoute["handler"]> {
  admin(call, "os-flavor-manage:create");
  const count = { type: ["integer", "string"], pattern: "^[0-9]+$" };
  const body = checkedBody(call, {
    type: "object",
    properties: {
      flavor: {
        type: "object",
        properties: { name: { type: "string", minLength: 1, maxLength: 255 }, ram: count, vcpus: count, disk: count },
        required: ["name", "ram", "vcpus", "disk"],
      },
    },
    required: ["flavor"],
  });
  const wanted = body.flavor as Record<string, string | number | undefined>;
  const { flavorNames, flavors } = call.nova.slot.value;
  if (flavorNames.has(String(wanted.name))) throw conflict(`Flavor with name ${wanted.name} already exists.`);
  const id = wanted.id === undefined || wanted.id === null || wanted.id === "auto" ? undefined : String(wanted.id);
  if (id !== undefined && flavors.has(id)) throw conflict(`Flavor with ID ${id} already exists.`);
  if (Number(wanted.vcpus) < 1)
    throw badRequest("Invalid input for field/attribute vcpus. Value: 0. 0 is less than the minimum of 1");
  const flavor = addFlavor(call.nova, {
    ...(id !== undefined && { id }),
    name: String(wanted.name),
    ram: Number(wanted.ram),
    vcpus: Number(wanted.vcpus),
    disk: Number(wanted.disk),
    ephemeral: Number(wanted["OS-FLV-EXT-DATA:ephemeral"] ?? 0),
  });
  return ok({ flavor: view(call, flavor) });
}

export const FLAVOR_ROUTES: readonly NovaRoute[] = [
  {
    method: "GET",
    path: "/flavors",
    clients: ["bosh", "openstack"],
    handler: (call) =>
      ok({ flavors: inOrder(call).map(({ id, name }) => ({ id, name, links: links(call, "flavors", id) })) }),
  },
  {
    method: "GET",
    path: "/flavors/detail",
    clients: ["bosh", "openstack"],
    handler: (call) => ok({ flavors: inOrder(call).map((flavor) => view(call, flavor)) }),
  },
  { method: "POST", path: "/flavors", clients: ["openstack"], handler: create },
  {
    method: "GET",
    path: "/flavors/:id",
    clients: ["openstack"],
    handler: (call) => ok({ flavor: view(call, flavorOf(call, call.params.id ?? "")) }),
  },
  {
    method: "GET",
    path: "/flavors/:id/os-extra_specs",
    clients: ["openstack"],
    handler: (call) => ok({ extra_specs: flavorOf(call, call.params.id ?? "").extraSpecs }),
  },
  {
    method: "DELETE",
    path: "/flavors/:id",
    clients: ["openstack"],
    handler: (call) => {
      admin(call, "os-flavor-manage:delete");
      const flavor = flavorOf(call, call.params.id ?? "");
      call.nova.slot.value.flavors.delete(flavor.id);
      call.nova.slot.value.flavorNames.delete(flavor.name);
      return nothing(202);
    },
  },
];
