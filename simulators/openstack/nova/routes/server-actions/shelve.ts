import type { HttpReply } from "../../../../kernel/index.ts";
import { dropShelvedImage, startSnapshot } from "../../behaviour/snapshot.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { extrasOf, type Server } from "../../state/server.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";
import { ACTION_MS, type ServerActions, startTransition } from "./action.ts";
import { addImage, WITH_DISK } from "./image.ts";

/** A local disk is kept in an image until the server is unshelved or deleted. */
function shelve(call: NovaCall, server: Server): HttpReply {
  if (server.imageId !== "") {
    const { id } = addImage(call, server, { name: `${server.name}-shelved` });
    extrasOf(server).shelvedImageId = id;
    startSnapshot(call.nova, id);
  }
  startTask(call.nova, server, "shelving", ACTION_MS.rebuild, "shelved_offloaded");
  return emptyReply(202);
}

/** On this cloud, shelved servers are offloaded at once. */
export const SHELVE_ACTIONS: ServerActions = {
  shelve: { from: WITH_DISK, record: "shelve", run: shelve },
  shelveOffload: {
    admin: "os-shelve:shelve_offload",
    from: ["shelved"],
    record: "shelveOffload",
    run: startTransition("shelving_offloading", ACTION_MS.power, "shelved_offloaded"),
  },
  unshelve: { from: ["shelved", "shelved_offloaded"], record: "unshelve", run: unshelve },
};

function unshelve(call: NovaCall, server: Server): HttpReply {
  dropShelvedImage(call.nova, server);
  startTask(call.nova, server, "unshelving", ACTION_MS.rebuild, "active", "unshelved");
  return emptyReply(202);
}
