import type { Body } from "../../kernel/index.ts";
import { agentFault, type AgentMethod, attributesOf } from "../faults.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { DirectorError } from "../wire/errors.ts";

const CALL_MS = 500;

/** How long the director waits for an agent's answer, each time. */
export const TIMEOUT_MS = 45_000;

/** How many times the director calls an agent that does not answer. */
export const TRIES = 3;

const TIMED_OUT = 450002;

/** Whether the error says that an agent has been silent for too long. */
export const isTimeout = (error: unknown): boolean => error instanceof DirectorError && error.code === TIMED_OUT;

const timeoutError = (instance: Instance, method: AgentMethod, waitMs: number): DirectorError =>
  new DirectorError(
    TIMED_OUT,
    `Timed out sending '${method}' to instance: '${instance.group}/${instance.id}', agent-id: '${instance.vm?.agentId ?? ""}' after ${waitMs / 1000} seconds`,
  );

/**
 * Calls an agent that must answer within one of `tries` waits of `waitMs` unscaled time each.
 * @throws DirectorError 450001, 450002
 */
export function* callAgent(
  director: Director,
  instance: Instance,
  method: AgentMethod,
  tries = TRIES,
  waitMs = TIMEOUT_MS,
): Body {
  const effect = agentFault(director.kernel, method, attributesOf(instance));
  if (effect?.kind === "error" && method !== "get_state") throw actionFailure(director, effect.message);
  if (effect?.kind !== "stuck" && instance.vm !== null && director.cpi.isAlive(instance.vm.cid)) {
    yield director.kernel.work(CALL_MS);
    return;
  }
  yield tries * waitMs;
  throw timeoutError(instance, method, waitMs);
}

/** The error when the agent refuses a long-running action, in the director's words. */
export const actionFailure = (director: Director, message: string): DirectorError =>
  new DirectorError(
    450001,
    `Action Failed get_task: Task ${director.kernel.random("bosh/agent").uuid()} result: ${message}`,
  );
