import type { HttpReply } from "../../../../kernel/index.ts";
import type { ValueOf } from "../../../schema/index.ts";
import { startColdMove } from "../../behaviour/move.ts";
import { chooseHost } from "../../behaviour/scheduler.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { findFlavor } from "../../state/flavors.ts";
import { checkQuota } from "../../state/quotas.ts";
import { extrasOf, type Server, type VmState } from "../../state/server.ts";
import { setFlavor } from "../../state/servers.ts";
import { badRequest } from "../../wire/errors.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { DISK_CONFIG, FLAVOR_REF, objectSchema } from "../schemas/parts.ts";
import { ACTION_MS, type ServerActions, setDiskConfig, withBody } from "./action.ts";

const resizeSchema = () => objectSchema({ flavorRef: FLAVOR_REF, "OS-DCF:diskConfig": DISK_CONFIG }, ["flavorRef"]);

function resize(call: NovaCall, server: Server, body: ValueOf<ReturnType<typeof resizeSchema>>): HttpReply {
  const { flavorRef } = body;
  const flavor = findFlavor(call, String(flavorRef).split("/").at(-1) ?? "");
  if (flavor === undefined) throw badRequest(`Flavor ${String(flavorRef)} could not be found.`);
  const isVolume = server.imageId === "";
  if (flavor.disk === 0 && server.flavor.disk !== 0 && !isVolume)
    throw badRequest("Resize to zero disk flavor is not allowed.");
  if (flavor.id === server.flavor.id) throw badRequest("When resizing, instances must change flavor!");
  const more = (key: "vcpus" | "ram"): number => Math.max(0, flavor[key] - server.flavor[key]);
  checkQuota(call.nova, server.projectId, { cores: more("vcpus"), ram: more("ram") });
  const oldFlavorId = server.flavor.id;
  Object.assign(extrasOf(server), { oldFlavor: server.flavor, oldVm: server.vm });
  setFlavor(call.nova, server, flavor);
  setDiskConfig(server, body["OS-DCF:diskConfig"]);
  // It goes to another host where there is one.
  const placement = chooseHost(call.nova, server, { except: server.host ?? "" });
  const target = "host" in placement ? placement.host.name : (server.host ?? "");
  startColdMove(call.nova, server, call.actor, { target, kind: "resize", oldFlavorId });
  startTask(call.nova, server, "resize_prep", ACTION_MS.resize, "resized", "moved", target);
  return emptyReply(202);
}

const stateBefore = (server: Server): VmState => server.extras?.oldVm ?? "active";

function confirmResize(call: NovaCall, server: Server): HttpReply {
  startTask(call.nova, server, null, ACTION_MS.resize / 2, stateBefore(server), "confirm");
  return emptyReply(204);
}

function revertResize(call: NovaCall, server: Server): HttpReply {
  startTask(call.nova, server, "resize_reverting", ACTION_MS.resize, stateBefore(server), "revert");
  return emptyReply(202);
}

/** Gives a server another flavor, to be confirmed or reverted. */
export const RESIZE_ACTIONS: ServerActions = {
  resize: { from: ["active", "stopped"], record: "resize", ...withBody(resizeSchema, resize) },
  confirmResize: { from: ["resized"], record: "confirmResize", run: confirmResize },
  revertResize: { from: ["resized"], record: "revertResize", run: revertResize },
};
