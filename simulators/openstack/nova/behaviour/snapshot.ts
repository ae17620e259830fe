import type { Nova } from "../state/nova.ts";
import type { Server } from "../state/server.ts";
import { WORK_MS } from "./work.ts";

/** Accepts a delete. What has no host yet is gone at once. */
/** What shelving kept is needed no more. */
export function dropShelvedImage(nova: Nova, server: Server): void {
  const id = server.extras?.shelvedImageId;
  if (id === undefined) return;
  nova.cloud.images.remove(id);
  delete server.extras?.shelvedImageId;
}

/** The data of a snapshot arrives in Glance after a while. */
export function startSnapshot(nova: Nova, imageId: string): void {
  const { kernel } = nova.cloud;
  kernel.timer(kernel.work(WORK_MS.snapshot), "nova.snapshot", { imageId });
}
