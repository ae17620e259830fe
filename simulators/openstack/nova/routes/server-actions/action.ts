import type { HttpReply } from "../../../../kernel/index.ts";
import { type Schema, type ValueOf } from "../../../schema/index.ts";
import { startTask } from "../../behaviour/tasks.ts";
import { extrasOf, type Server, type VmState } from "../../state/server.ts";
import { checkValue } from "../../wire/body.ts";
import { emptyReply } from "../../wire/replies.ts";
import type { NovaCall } from "../../wire/request.ts";

/** One action of POST /servers/ID/action (API reference, "Servers - run an action"). `body` is what the action's name holds. */
export interface ServerAction {
  /** Administrators only: the rule that the refusal names. */
  readonly admin?: string;
  /** States in which it is allowed. Default: all. */
  readonly from?: readonly VmState[] | ((body: unknown) => readonly VmState[]);
  /** Its word in the message of a conflict. Default: the action's name. */
  readonly verb?: string;
  /** Its word in the server's list of actions. Default: it is not listed, and records its change itself. */
  readonly record?: string;
  /** Whether it also works on a locked server. */
  readonly ignoresLock?: true;
  /** Whether it is gone at every microversion: 410. */
  readonly isRemoved?: true;
  /** Last microversion that has it. Default: all have it. */
  readonly to?: number;
  /** The schema of `body`, by microversion. Default: anything. */
  readonly schema?: (version: number) => Schema;
  readonly run: (call: NovaCall, server: Server, body: unknown) => HttpReply;
}

/** Actions on a server by name. */
export type ServerActions = Readonly<Record<string, ServerAction>>;

/** The schema of an action's body, and what to do with a valid body. */
export const withBody = <const S extends Schema>(
  schema: (version: number) => S,
  run: (call: NovaCall, server: Server, body: ValueOf<S>) => HttpReply,
): Pick<ServerAction, "schema" | "run"> => ({
  schema,
  run: (call, server, body) => {
    checkValue(call, schema(call.version), body);
    return run(call, server, body);
  },
});

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
} as const;

/** An action that shows `task` for `workMs` and ends in the state `to`. */
export const startTransition =
  (task: string, workMs: number, to: VmState) =>
  (call: NovaCall, server: Server): HttpReply => {
    startTask(call.nova, server, task, workMs, to);
    return emptyReply(202);
  };

/** Keeps the disk configuration unless the body sets it. */
export function setDiskConfig(server: Server, wanted: "AUTO" | "MANUAL" | undefined): void {
  if (wanted !== undefined) extrasOf(server).autoDisk = wanted === "AUTO";
}
