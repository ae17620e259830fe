import type { HttpReply } from "../../../../kernel/index.ts";
import { dropShelvedImage, startSnapshot } from "../../behaviour/snapshot.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { extrasOf, type Server } from "../../state/server.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";
import { moves, type ServerActions, WORK } from "./action.ts";
import { imageOf, WITH_DISK } from "./image.ts";

/** The disk of the host's own goes into an image until the server is unshelved or deleted. */
function shelve(call: Call, server: Server): HttpReply {
  if (server.imageId !== "") {
    const { id } = imageOf(call, server, { name: `${server.name}-shelved` }, {});
    extrasOf(server).shelvedImageId = id;
    startSnapshot(call.nova, id);
  }
  startTask(call.nova, server, "shelving", WORK.rebuild, "shelved_offloaded");
  return nothing(202);
}

/** Shelved servers are offloaded at once on this cloud. */
export const SHELVE_ACTIONS: ServerActions = {
  shelve: { from: WITH_DISK, record: "shelve", run: shelve },
  shelveOffload: {
    admin: "os-shelve:shelve_offload",
    from: ["shelved"],
    record: "shelveOffload",
    run: moves("shelving_offloading", WORK.power, "shelved_offloaded"),
  },
  unshelve: { from: ["shelved", "shelved_offloaded"], record: "unshelve", run: unshelve },
};

function unshelve(call: Call, server: Server): HttpReply {
  dropShelvedImage(call.nova, server);
  startTask(call.nova, server, "unshelving", WORK.rebuild, "active", "unshelved");
  return nothing(202);
}
