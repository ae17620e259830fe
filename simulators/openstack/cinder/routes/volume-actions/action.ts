import type { HttpReply } from "../../../../kernel/index.ts";
import type { VolumeRow } from "../../state/rows.ts";
import type { CinderCall } from "../../wire/request.ts";

type VolumeAction = (call: CinderCall, row: VolumeRow) => HttpReply;

/** Actions on a volume, by name. Each reads its own member of the body. */
export type VolumeActions = Readonly<Record<string, VolumeAction>>;
