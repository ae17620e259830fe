import type { FastifyReply } from "fastify";
import { OsbError } from "../../errors.ts";
import type { Ending } from "../../operations/executor.ts";
import type { Operation } from "../../store/store.ts";
import { minorOf } from "../headers.ts";
import { acceptedReply, type AnswerBody, type ControlPlane } from "../operations.ts";
import type { BindingRequest } from "./lookup.ts";

/** How long a platform that does not accept 202 is kept waiting. Shorter than the usual time-out of platforms, 60 s. */
const SYNCHRONOUS_MS_MAX = 50_000;
const PATIENCE_MS = 1000;

/** Bindings can be asynchronous from this minor version on. */
const ASYNCHRONOUS_MINOR = 14;

const acceptsAsync = ({ query, headers }: BindingRequest): boolean =>
  query.accepts_incomplete === "true" && minorOf(headers) >= ASYNCHRONOUS_MINOR;

/**
 * Starts an operation of a binding, and answers 202 to a platform that polls; to any other what `describe` returns, once the operation has
 * succeeded.
 *
 * @throws OsbError 500 if it failed, 503 if it takes longer than a platform waits
 */
export async function answerEnding(
  controlPlane: ControlPlane,
  request: BindingRequest,
  operation: Operation,
  reply: FastifyReply,
  describe: () => AnswerBody,
): Promise<AnswerBody> {
  const ending = controlPlane.executor.start(operation);
  if (acceptsAsync(request)) return acceptedReply(reply, operation);
  await waitForSuccess(controlPlane, ending);
  return describe();
}

/** @throws OsbError 500 if it failed, 503 if it takes longer than a platform waits */
async function waitForSuccess({ context: { host } }: ControlPlane, ending: Promise<Ending>): Promise<void> {
  let outcome: Ending | undefined;
  const ended = ending.then((value) => {
    outcome = value;
  });
  // A platform's patience is measured by the clock, even if the pace makes work and pauses shorter.
  const deadlineMs = host.nowMs() + SYNCHRONOUS_MS_MAX;
  while (outcome === undefined && host.nowMs() < deadlineMs) await Promise.race([ended, host.sleepMs(PATIENCE_MS)]);
  if (outcome === undefined) throw new OsbError(503, "The service has not answered in time; try again.");
  if (outcome === "failed") throw new OsbError(500, "The service could not do what was asked; ask its operator.");
}
