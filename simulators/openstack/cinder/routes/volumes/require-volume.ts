import type { VolumeRow } from "../../state/rows.ts";
import { volumeOf } from "../../state/volumes.ts";
import type { Call } from "../../wire/request.ts";

export const ownVolume = ({ cinder, actor, params }: Call): VolumeRow => volumeOf(cinder, actor, params.id ?? "");
