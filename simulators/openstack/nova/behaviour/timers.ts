import type { Nova } from "../state/nova.ts";
import { awaitVolumes, type VolumeWait } from "./boot-volumes.ts";
import { type Build, scheduleServer } from "./build.ts";
import { endDelete, terminateServer } from "./delete.ts";
import { endDetachNic, endFixedIp, type FixedIpChange } from "./interfaces.ts";
import { endLiveMove, type LiveMove } from "./move.ts";
import { endSpawn } from "./spawn.ts";
import { endTask, type TaskEnd } from "./tasks.ts";
import { type AttachEnd, endAttachVolume, endDetachVolume } from "./volumes.ts";

/** Declares the timers of this service; once, at construction. */
export function defineTimers(nova: Nova): void {
  const { kernel } = nova.cloud;
  kernel.onTimer<Build>("nova.schedule", (build) => scheduleServer(nova, build));
  kernel.onTimer<VolumeWait>("nova.volumes", (wait) => awaitVolumes(nova, wait));
  kernel.onTimer<{ id: string }>("nova.spawned", ({ id }) => endSpawn(nova, id));
  kernel.onTimer<TaskEnd>("nova.task", (end) => endTask(nova, end));
  kernel.onTimer<LiveMove>("nova.moved", (move) => endLiveMove(nova, move));
  kernel.onTimer<{ id: string }>("nova.delete", ({ id }) => terminateServer(nova, id));
  kernel.onTimer<{ id: string }>("nova.gone", ({ id }) => endDelete(nova, id));
  kernel.onTimer<AttachEnd>("nova.attach", (end) => endAttachVolume(nova, end));
  kernel.onTimer<AttachEnd>("nova.detach", (end) => endDetachVolume(nova, end));
  kernel.onTimer<{ serverId: string; portId: string }>("nova.unplug", (end) => endDetachNic(nova, end));
  kernel.onTimer<FixedIpChange>("nova.fixed-ip", (change) => endFixedIp(nova, change));
  kernel.onTimer<{ imageId: string }>("nova.snapshot", ({ imageId }) => nova.cloud.images.activate(imageId, 1 << 20));
}
