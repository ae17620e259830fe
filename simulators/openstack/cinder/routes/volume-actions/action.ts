import type { HttpReply } from "../../../../kernel/index.ts";
import type { VolumeRow } from "../../state/rows.ts";
import type { CinderCall } from "../../wire/request.ts";

export type VolumeAction = (call: CinderCall, row: VolumeRow) => HttpReply;

export type VolumeActions = Readonly<Record<string, VolumeAction>>;
