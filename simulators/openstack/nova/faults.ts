import { faultPoint } from "../../kernel/index.ts";
import type { Nova } from "./state/nova.ts";

const SERVER = { id: { prose: "the id of the server" }, name: { prose: "its name" } };
const STATUS = { prose: "the code that the server's fault shows", minimum: 400, maximum: 599 };

/** Where Nova's own work may fail, besides its routes. */
export const NOVA_POINTS = {
  build: faultPoint({
    point: "nova:server.build",
    effects: ["error", "stuck", "delay"],
    attributes: SERVER,
    errorCode: STATUS,
    prose:
      "A server that was accepted (202) never becomes ACTIVE: it ends in ERROR with a fault, or stays in BUILD for good (compute host down), or takes much longer. The caller must give up within its own time and delete the server, its ports and volumes.",
  }),
  delete: faultPoint({
    point: "nova:server.delete",
    effects: ["error", "stuck"],
    attributes: SERVER,
    errorCode: STATUS,
    prose:
      "A delete that was accepted (204) does not end: the server turns to ERROR or stays in `deleting`. The caller must not report it gone, and must try again.",
  }),
  live: faultPoint({
    point: "nova:server.live",
    effects: ["vanish", "error"],
    attributes: SERVER,
    errorCode: STATUS,
    prose:
      "Occurs at each read of a server (GET): it has vanished without notice, with its ports, or has turned to ERROR. Whoever relies on it must notice and repair it.",
  }),
  move: faultPoint({
    point: "nova:server.move",
    effects: ["error", "stuck"],
    attributes: { ...SERVER, host: { prose: "the host to which it goes" } },
    errorCode: STATUS,
    prose:
      "A live migration or an evacuation that was accepted (202) does not end: the server stays MIGRATING or REBUILD, or the migration turns to `error` (the server runs on where it was; an evacuated one ends in ERROR). Whoever empties a host must look at the migrations, not only at the answer.",
  }),
  detach: faultPoint({
    point: "nova:volume.detach",
    effects: ["stuck"],
    attributes: { server: { prose: "the id of the server" }, volume: { prose: "the id of the volume" } },
    prose:
      "A detach that was accepted never ends: the volume stays `detaching`, the server lists it. Only an administrator's reset helps.",
  }),
};

/** Declares the fault points of this service; once, at construction. */
export function defineFaults({ cloud: { kernel } }: Nova): void {
  for (const point of Object.values(NOVA_POINTS)) kernel.faults.define(point);
}
