import type { Body, HttpReply, HttpRequest } from "../../kernel/index.ts";
import type { Agent } from "../behaviour/agent.ts";
import { ConsulCall, type ConsulSim } from "./call.ts";
import { HttpError, NoLeader, Refusal, refuseBadRequest } from "./refusal.ts";

/** A reply, either at once or when it is due. */
export type ConsulReply = HttpReply | Body<HttpReply>;
/** Answers the requests of a route. */
export type ConsulHandler = (sim: ConsulSim, request: HttpRequest) => ConsulReply;

type Headers = Readonly<Record<string, string>>;

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };

/** 200 without a body. */
export const EMPTY_REPLY: HttpReply = { status: 200, body: "" };

/** A reply of plain text. */
export const textReply = (status: number, message: string, headers: Headers = {}): HttpReply => ({
  status,
  headers: { ...headers, ...TEXT },
  body: message,
});

/** The reply to a refusal; those of the stores, in Consul's words, are its 500s. @throws anything that is not a refusal */
export function errorReply(error: unknown, headers: Headers): HttpReply {
  if (error instanceof HttpError && error.message === "") return { status: error.status, body: "" };
  if (error instanceof HttpError) return textReply(error.status, error.message, error.isBare ? {} : headers);
  if (error instanceof Refusal) return textReply(500, error.message, headers);
  throw error;
}

/** Runs a handler and answers what it refuses, with these headers; without a leader it first holds the request for a while. */
export function answerErrors(agent: Agent, headers: Headers, run: () => ConsulReply): ConsulReply {
  try {
    return run();
  } catch (error) {
    if (error instanceof NoLeader) return holdWithoutLeader(agent, headers);
    return errorReply(error, headers);
  }
}

function* holdWithoutLeader(agent: Agent, headers: Headers): Body<HttpReply> {
  yield agent.holdMs;
  return textReply(500, "No cluster leader", headers);
}

/** A handler that answers at once. */
export const answerAtOnce =
  (run: (call: ConsulCall) => HttpReply): ConsulHandler =>
  (sim, request) =>
    answerErrors(sim.agent, {}, () => run(new ConsulCall(sim, request)));

/** A handler for a path that lacks its last segment. */
export const refuseMissing = (what: string): ConsulHandler => answerAtOnce(() => refuseBadRequest(`Missing ${what}`));
