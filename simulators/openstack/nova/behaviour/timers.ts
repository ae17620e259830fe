import { defineFaults } from "../faults.ts";
import type { Nova } from "../state/nova.ts";
import { type AwaitVolumes, awaitVolumes, type Build, scheduleServer, endSpawn } from "./build.ts";
import { endDelete, terminateServer } from "./delete.ts";
import { endFixedIp, endDetachNic, type FixedIpChange } from "./interfaces.ts";
import { endTask, type TaskEnd } from "./tasks.ts";
import { type AttachEnd, endAttachVolume, endDetachVolume } from "./volumes.ts";

/** Declares the timers and fault points of this service; once, at construction. */
export function defineTimers(nova: Nova): void {
  const { kernel } = nova.cloud;
  kernel.onTimer<Build>("nova.schedule", (build) => scheduleServer(nova, build));
  kernel.onTimer<AwaitVolumes>("nova.volumes", (data) => awaitVolumes(nova, data));
  kernel.onTimer<{ id: string }>("nova.spawned", ({ id }) => endSpawn(nova, id));
  kernel.onTimer<TaskEnd>("nova.task", (end) => endTask(nova, end));
  kernel.onTimer<{ id: string }>("nova.delete", ({ id }) => terminateServer(nova, id));
  kernel.onTimer<{ id: string }>("nova.gone", ({ id }) => endDelete(nova, id));
  kernel.onTimer<AttachEnd>("nova.attach", (end) => endAttachVolume(nova, end));
  kernel.onTimer<AttachEnd>("nova.detach", (end) => endDetachVolume(nova, end));
  kernel.onTimer<{ serverId: string; portId: string }>("nova.unplug", (end) => endDetachNic(nova, end));
  kernel.onTimer<FixedIpChange>("nova.fixed-ip", (change) => endFixedIp(nova, change));
  kernel.onTimer<{ imageId: string }>("nova.snapshot", ({ imageId }) => nova.cloud.images.activate(imageId, 1 << 20));
  defineFaults(nova);
}
