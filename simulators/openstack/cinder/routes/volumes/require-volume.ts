import type { VolumeRow } from "../../state/rows.ts";
import { requireVolume } from "../../state/volumes.ts";
import type { CinderCall } from "../../wire/request.ts";

/** The volume of the path. @throws Refusal 404 */
export const requireVolumeOf = ({ cinder, actor, params }: CinderCall): VolumeRow =>
  requireVolume(cinder, actor, params.id ?? "");
