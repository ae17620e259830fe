import { defineFaults } from "../faults.ts";
import type { Nova } from "../state/nova.ts";
import { type AwaitVolumes, awaitVolumes, type Build, schedule, spawned } from "./build.ts";
import { gone, terminate } from "./delete.ts";
import { changeFixedIp, endUnplug, type FixedIpChange } from "./interfaces.ts";
import { endTask, type TaskEnd } from "./tasks.ts";
import { type AttachEnd, endAttach, endDetach } from "./volumes.ts";

/** Declares the timers and fault points of this service; once, at construction. */
export function defineBehaviour(nova: Nova): void {
  const { kernel } = nova.cloud;
  kernel.onTimer<Build>("nova.schedule", (build) => schedule(nova, build));
  kernel.onTimer<AwaitVolumes>("nova.volumes", (data) => awaitVolumes(nova, data));
  kernel.onTimer<{ id: string }>("nova.spawned", ({ id }) => spawned(nova, id));
  kernel.onTimer<TaskEnd>("nova.task", (end) => endTask(nova, end));
  kernel.onTimer<{ id: string }>("nova.delete", ({ id }) => terminate(nova, id));
  kernel.onTimer<{ id: string }>("nova.gone", ({ id }) => gone(nova, id));
  kernel.onTimer<AttachEnd>("nova.attach", (end) => endAttach(nova, end));
  kernel.onTimer<AttachEnd>("nova.detach", (end) => endDetach(nova, end));
  kernel.onTimer<{ serverId: string; portId: string }>("nova.unplug", (end) => endUnplug(nova, end));
  kernel.onTimer<FixedIpChange>("nova.fixed-ip", (change) => changeFixedIp(nova, change));
  kernel.onTimer<{ imageId: string }>("nova.snapshot", ({ imageId }) => nova.cloud.images.activate(imageId, 1 << 20));
  defineFaults(nova);
}
