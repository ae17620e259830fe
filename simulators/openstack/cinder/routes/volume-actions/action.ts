import type { HttpReply } from "../../../../kernel/index.ts";
import type { VolumeRow } from "../../state/rows.ts";
import type { Call } from "../../wire/request.ts";

export type Action = (call: Call, row: VolumeRow) => HttpReply;

export type VolumeActions = Readonly<Record<string, Action>>;
