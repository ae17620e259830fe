import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../common/refusal.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { extrasOf, type Server, type VmState } from "../../state/server.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";

export type ActionBody = Readonly<Record<string, unknown>>;

export interface ServerAction {
  /** Administrators only: the rule that the refusal names. */
  readonly admin?: string;
  /** States in which it is allowed; absent: all. */
  readonly from?: readonly VmState[] | ((body: ActionBody) => readonly VmState[]);
  /** The word of the conflict's sentence; default the action's name without `os-`. */
  readonly verb?: string;
  /** The word of the record of actions; absent: not recorded. */
  readonly record?: string;
  /** Also works on a locked server. */
  readonly ignoresLock?: true;
  /** Last microversion that has it. */
  readonly to?: number;
  readonly run: (call: NovaCall, server: Server, body: ActionBody) => HttpReply;
}

export type ServerActions = Readonly<Record<string, ServerAction>>;

/** ms of simulated work. */
export const ACTION_MS = {
  power: 600,
  reboot: 1000,
  pause: 300,
  rescue: 800,
  rebuild: 1500,
  resize: 1200,
  password: 300,
  migrate: 800,
};

export const startTransition =
  (task: string, ms: number, to: VmState) =>
  (call: NovaCall, server: Server): HttpReply => {
    startTask(call.nova, server, task, ms, to);
    return emptyReply(202);
  };

export function setDiskConfig(server: Server, { "OS-DCF:diskConfig": wanted }: ActionBody): void {
  if (wanted !== undefined) extrasOf(server).autoDisk = wanted === "AUTO";
}

export const refuseActionAsUnmodelled = (what: string) => (): HttpReply => {
  throw new Refusal(501, "notImplemented", `not simulated: ${what}`);
};
