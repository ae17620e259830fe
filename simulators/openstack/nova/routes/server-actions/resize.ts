import type { HttpReply } from "../../../../kernel/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { findFlavor } from "../../state/flavors.ts";
import { checkQuota } from "../../state/quotas.ts";
import { extrasOf, type Server, type VmState } from "../../state/server.ts";
import { setFlavor } from "../../state/servers.ts";
import { badRequest } from "../../wire/errors.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import { type Body, type ServerActions, setDiskConfig, WORK } from "./action.ts";

function resize(call: Call, server: Server, body: Body): HttpReply {
  const { flavorRef } = body;
  const flavor = findFlavor(call, String(flavorRef).split("/").at(-1) ?? "");
  if (flavor === undefined) throw badRequest(`Flavor ${String(flavorRef)} could not be found.`);
  const isVolume = server.imageId === "";
  if (flavor.disk === 0 && server.flavor.disk !== 0 && !isVolume)
    throw badRequest("Resize to zero disk flavor is not allowed.");
  if (flavor.id === server.flavor.id) throw badRequest("When resizing, instances must change flavor!");
  const more = (key: "vcpus" | "ram"): number => Math.max(0, flavor[key] - server.flavor[key]);
  checkQuota(call.nova, server.projectId, { cores: more("vcpus"), ram: more("ram") });
  Object.assign(extrasOf(server), { oldFlavor: server.flavor, oldVm: server.vm });
  setFlavor(call.nova, server, flavor);
  setDiskConfig(server, body);
  startTask(call.nova, server, "resize_prep", WORK.resize, "resized");
  return nothing(202);
}

const before = (server: Server): VmState => server.extras?.oldVm ?? "active";

function confirmResize(call: Call, server: Server): HttpReply {
  startTask(call.nova, server, null, WORK.resize / 2, before(server), "confirm");
  return nothing(204);
}

function revertResize(call: Call, server: Server): HttpReply {
  startTask(call.nova, server, "resize_reverting", WORK.resize, before(server), "revert");
  return nothing(202);
}

export const RESIZE_ACTIONS: ServerActions = {
  resize: { from: ["active", "stopped"], record: "resize", run: resize },
  confirmResize: { from: ["resized"], record: "confirmResize", run: confirmResize },
  revertResize: { from: ["resized"], record: "revertResize", run: revertResize },
};
