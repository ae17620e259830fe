import type { Body, Process } from "../process.ts";
import type { Api, Route, Unread } from "./api.ts";
import { Crash, requestIdOf } from "./crash.ts";
import type { RoutePoint } from "./faults.ts";
import { type HttpReply, type HttpRequest, text } from "./message.ts";
import type { RouteMatch, Router } from "./router.ts";

/** Answers a request as far as the fault rules on its route allow: with a reply, or a process that ends with one. */
export function respond<S>(
  api: Api<S>,
  router: Router<Route<S>>,
  points: ReadonlyMap<Route<S>, RoutePoint>,
  incoming: HttpRequest,
): HttpReply | Process<HttpReply> {
  const match = router.match(incoming.method, incoming.path);
  const request = match.route === undefined ? incoming : { ...incoming, params: match.params };
  const finish = (reply: HttpReply): HttpReply => finishReply(api, request, match.route, reply);
  const { faults } = api.kernel;
  const point = match.route && points.get(match.route);
  const effect = point && faults.isArmed(point.point) && faults.at(point, { ...match.params, path: request.path });
  if (!effect) return settle(api, attempt(api, match, request), finish);
  switch (effect.kind) {
    case "reset":
      return { status: 0, wire: { kind: "reset" } };
    case "reply":
      return finish({
        status: effect.status,
        ...(effect.headers && { headers: effect.headers }),
        ...bodyOf(effect.body),
      });
    case "lost-reply":
      return settle(api, attempt(api, match, request), (reply) => ({ ...finish(reply), wire: { kind: "reset" } }));
    case "truncate":
      return settle(api, attempt(api, match, request), (reply) => ({
        ...finish(reply),
        wire: { kind: "truncate", bytes: effect.bytes },
      }));
    case "delay":
      return api.kernel.spawn(
        `${api.name} delayed reply`,
        answerLater(api, match, request, finish, faults.delay(effect)),
      );
    case "stuck":
      return api.kernel.spawn(
        `${api.name} stuck reply`,
        answerLater(api, match, request, finish, faults.stuck(effect)),
      );
  }
}

const bodyOf = (body: unknown): Partial<HttpReply> =>
  body === undefined ? {} : typeof body === "string" ? { body } : { json: body };

function answer<S>(api: Api<S>, match: RouteMatch<Route<S>>, request: HttpRequest): HttpReply | Body<HttpReply> {
  const early = api.front?.limit?.(request) ?? api.before?.(api.sim, request, match.route);
  if (early !== undefined) return early;
  if (match.route === undefined) return api.unmatched(api.sim, request, match.allowed);
  return match.route.handler(api.sim, request);
}

/** As `answer`, but what is thrown, now or later, is answered as a crash. */
function attempt<S>(api: Api<S>, match: RouteMatch<Route<S>>, request: HttpRequest): HttpReply | Body<HttpReply> {
  try {
    const answered = answer(api, match, request);
    return "next" in answered ? attemptBody(api, match, request, answered) : answered;
  } catch (error) {
    return crashReply(api, request, match.route, error);
  }
}

function* attemptBody<S>(
  api: Api<S>,
  match: RouteMatch<Route<S>>,
  request: HttpRequest,
  body: Body<HttpReply>,
): Body<HttpReply> {
  try {
    return yield* body;
  } catch (error) {
    return crashReply(api, request, match.route, error);
  }
}

/** The reply after `api.after`, which may throw just as a handler may. */
export function finishReply<S>(
  api: Api<S>,
  request: HttpRequest,
  route: Route<S> | undefined,
  reply: HttpReply,
): HttpReply {
  try {
    return identifyCrash(api.after?.(api.sim, request, reply) ?? reply);
  } catch (error) {
    return identifyCrash(crashReply(api, request, route, error));
  }
}

/** Gives a crash the request id that the client sees, which only the complete reply has. */
function identifyCrash(reply: HttpReply): HttpReply {
  if (reply.crash !== undefined) reply.crash.requestId = requestIdOf(reply);
  return reply;
}

/** The reply to a request whose handler threw, in the API's own envelope; the journal records the crash. */
export function crashReply<S>(
  api: Api<S>,
  request: HttpRequest,
  route: Route<S> | undefined,
  error: unknown,
): HttpReply {
  const crash = new Crash(api.name, request.method, route?.path ?? "(no route)", error);
  api.kernel.record(api.name, "crash", `${crash.method} ${crash.path}`, { error: crash.reason });
  return { ...(crashEnvelope(api, request) ?? text(500, "Internal Server Error")), crash };
}

function crashEnvelope<S>(api: Api<S>, request: HttpRequest): HttpReply | undefined {
  try {
    return api.crashed?.(api.sim, request);
  } catch {
    // The cause of a handler's error can make its envelope throw too; the first error is the one to report.
    return undefined;
  }
}

const UNREAD: Readonly<Record<Unread, HttpReply>> = {
  "too-large": text(413, "Request Entity Too Large"),
  cut: text(400, "Bad Request"),
};

/** The reply to a request whose body was not read to its end. */
export function unreadReply<S>(api: Api<S>, request: HttpRequest, why: Unread): HttpReply {
  try {
    return api.unread?.(api.sim, request, why) ?? UNREAD[why];
  } catch (error) {
    return crashReply(api, request, undefined, error);
  }
}

function settle<S>(
  api: Api<S>,
  answered: HttpReply | Body<HttpReply>,
  finish: (reply: HttpReply) => HttpReply,
): HttpReply | Process<HttpReply> {
  if (!("next" in answered)) return finish(answered);
  const process = api.kernel.spawn(`${api.name} reply`, finishLater(answered, finish));
  return process.outcome.state === "done" ? process.outcome.value : process;
}

function* finishLater(answered: Body<HttpReply>, finish: (reply: HttpReply) => HttpReply): Body<HttpReply> {
  return finish(yield* answered);
}

function* answerLater<S>(
  api: Api<S>,
  match: RouteMatch<Route<S>>,
  request: HttpRequest,
  finish: (reply: HttpReply) => HttpReply,
  wait: Body<boolean>,
): Body<HttpReply> {
  const goesOn = yield* wait;
  if (!goesOn) return { status: 0, wire: { kind: "reset" } };
  const answered = attempt(api, match, request);
  return finish("next" in answered ? yield* answered : answered);
}
