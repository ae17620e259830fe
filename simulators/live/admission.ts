import type { World } from "../world.ts";

/** Who may connect. The control API is not part of the cloud and admits everybody on this machine. */
export function admissionAt(world: World, address: string, port: number): (source: string) => boolean {
  return address === world.plan.control ? () => true : (source) => world.admits(source, address, port);
}
