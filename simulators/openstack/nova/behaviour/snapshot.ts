import type { Nova } from "../state/nova.ts";
import type { Server } from "../state/server.ts";
import { WORK_MS } from "./work.ts";

/** Removes the image of the disk that shelving made, if any. */
export function dropShelvedImage(nova: Nova, server: Server): void {
  const id = server.extras?.shelvedImageId;
  if (id === undefined) return;
  nova.cloud.images.remove(id);
  delete server.extras?.shelvedImageId;
}

/** Delivers the data of a snapshot to Glance after a while. */
export function startSnapshot(nova: Nova, imageId: string): void {
  const { kernel } = nova.cloud;
  kernel.timer(kernel.work(WORK_MS.snapshot), "nova.snapshot", { imageId });
}
