import type { HttpReply } from "../../../../kernel/index.ts";
import { Refusal } from "../../../common/refusal.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { extrasOf, type Server, type VmState } from "../../state/server.ts";
import { nothing } from "../../wire/replies.ts";
import type { Call } from "../../wire/request.ts";

export type Body = Readonly<Record<string, unknown>>;

export interface Action {
  /** Administrators only: the rule that the refusal names. */
  readonly admin?: string;
  /** States in which it is allowed; absent: all. */
  readonly from?: readonly VmState[] | ((body: Body) => readonly VmState[]);
  /** The word of the conflict's sentence; default the action's name without `os-`. */
  readonly verb?: string;
  /** The word of the record of actions; absent: not recorded. */
  readonly record?: string;
  /** Also works on a locked server. */
  readonly ignoresLock?: true;
  /** Last microversion that has it. */
  readonly to?: number;
  readonly run: (call: Call, server: Server, body: Body) => HttpReply;
}

export type ServerActions = Readonly<Record<string, Action>>;

/** ms of simulated work. */
export const WORK = {
  power: 600,
  reboot: 1000,
  pause: 300,
  rescue: 800,
  rebuild: 1500,
  resize: 1200,
  password: 300,
  migrate: 800,
};

export const moves =
  (task: string, ms: number, to: VmState) =>
  (call: Call, server: Server): HttpReply => {
    startTask(call.nova, server, task, ms, to);
    return nothing(202);
  };

export function setDiskConfig(server: Server, { "OS-DCF:diskConfig": wanted }: Body): void {
  if (wanted !== undefined) extrasOf(server).autoDisk = wanted === "AUTO";
}

export const refuseUnmodelledAction = (what: string) => (): HttpReply => {
  throw new Refusal(501, "notImplemented", `not simulated: ${what}`);
};
