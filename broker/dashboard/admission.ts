import type { FastifyReply, FastifyRequest } from "fastify";
import type { DashboardConfig } from "../config.ts";
import { OsbError } from "../errors.ts";
import type { OperationContext } from "../operations/context.ts";
import { equalInConstantTime } from "../osb/constant-time.ts";
import { isId } from "../osb/ids.ts";
import type { Offering } from "../spi/services/service.ts";
import type { InstanceRow } from "../store/schema.ts";
import type { Seal } from "../store/seal.ts";
import type { MayManage } from "./access.ts";
import { DASHBOARD_PATH } from "../osb/paths.ts";
import { clientOf } from "./clients.ts";
import { readCookie, setCookie } from "./cookies.ts";
import { beginLogin, LOGIN_S_MAX, resumeLogin } from "./login.ts";
import type { Platform } from "./platform.ts";
import type { DashboardSession, Sessions } from "./sessions.ts";

/** The context of dashboards. */
export interface DashboardParts {
  readonly context: OperationContext;
  readonly config: DashboardConfig;
  readonly platform: Platform;
  readonly sessions: Sessions;
  readonly mayManage: MayManage;
  readonly seal: Seal;
}

/** A route below an instance; the instance is what the path says, whatever a body may say. */
export interface DashboardRoute {
  Params: { id: string; backup?: string };
  Querystring: Readonly<Record<string, string | undefined>>;
  Body: unknown;
}
/** A request below an instance. */
export type DashboardRequest = FastifyRequest<DashboardRoute>;

/** A user who may manage the instance that the path names. */
export interface Manager {
  readonly session: DashboardSession;
  readonly instance: InstanceRow;
}

const SESSION_COOKIE = "drydock_session";
const LOGIN_COOKIE = "drydock_login";

/** A login for an unknown instance looks like any other. */
async function offeringOf({ context }: DashboardParts, id: string): Promise<Offering> {
  const { offerings } = context.service;
  const planId = (await context.store.instance(id))?.plan_id;
  const found = offerings.find(({ plans }) => plans.some((plan) => plan.id === planId)) ?? offerings[0];
  if (found === undefined) throw new Error("a service has at least one version");
  return found;
}

/** Sends a browser to log in; from there it comes back to the dashboard that it wanted. */
export async function sendToLogin(parts: DashboardParts, id: string, reply: FastifyReply): Promise<FastifyReply> {
  if (!isId(id)) throw new OsbError(404, "There is no such service instance.");
  const offering = await offeringOf(parts, id);
  const { attempt, cookie } = beginLogin(parts.context, parts.seal, id, offering.id);
  const url = await parts.platform.loginUrl(clientOf(parts.config, offering), attempt.state, attempt.verifier);
  reply.header("set-cookie", setCookie(LOGIN_COOKIE, cookie, LOGIN_S_MAX));
  return reply.redirect(url, 303);
}

/** Ends a login: a new session, whatever the browser had before. @throws OsbError 403 */
export async function finishLogin(
  parts: DashboardParts,
  { headers, query }: DashboardRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { code = "", state = "" } = query;
  const attempt = resumeLogin(parts.context, parts.seal, readCookie(headers.cookie, LOGIN_COOKIE), state);
  const offering = parts.context.service.offerings.find(({ id }) => id === attempt?.offeringId);
  if (attempt === undefined || offering === undefined || code === "")
    throw new OsbError(
      403,
      "The login was refused, took too long, or was begun by another browser. Open the dashboard again.",
    );
  const user = await parts.platform.logIn(clientOf(parts.config, offering), code, attempt.verifier);
  const { secret, lastsMs } = await parts.sessions.begin(user);
  reply.header("set-cookie", [
    setCookie(SESSION_COOKIE, secret, Math.floor(lastsMs / 1000)),
    setCookie(LOGIN_COOKIE, "", 0),
  ]);
  return reply.redirect(`${DASHBOARD_PATH}/${attempt.instanceId}`, 303);
}

/** Ends the session of a browser. */
export async function logOut(
  { sessions }: DashboardParts,
  session: DashboardSession,
  reply: FastifyReply,
): Promise<void> {
  await sessions.end(session);
  reply.header("set-cookie", setCookie(SESSION_COOKIE, "", 0));
}

/** The refusal of a user who may not manage an instance; it does not reveal whether the instance exists. */
export const mayNotManage = (): OsbError =>
  new OsbError(403, "You may not manage this service instance, or there is none.");

/**
 * Finds out who the user is, and whether the platform currently lets them manage the instance.
 *
 * @returns undefined for a user who must log in first
 * @throws OsbError 403 for a user who may not manage it, 404 if it is gone; BackendError while the platform can't be asked
 */
export async function managerOf(
  { context, sessions, mayManage }: DashboardParts,
  { headers, params }: DashboardRequest,
): Promise<Manager | undefined> {
  const session = await sessions.find(readCookie(headers.cookie, SESSION_COOKIE));
  if (session === undefined) return undefined;
  const permission = await mayManage(session, params.id);
  if (permission === "ended") {
    await sessions.end(session);
    return undefined;
  }
  if (permission === "none") throw mayNotManage();
  const instance = await context.store.instance(params.id);
  if (instance === undefined) throw new OsbError(404, "The service instance is gone.");
  return { session, instance };
}

/**
 * Checks that a form was sent from a page of this very dashboard: by where the browser says that it comes from, and by the session's own token.
 *
 * @throws OsbError 403
 */
export function checkForm(
  { config }: DashboardParts,
  { headers }: DashboardRequest,
  session: DashboardSession,
  formToken: string,
): void {
  const { origin, "sec-fetch-site": site } = headers;
  const isForeign = origin !== undefined && origin !== new URL(config.url).origin;
  if (isForeign || (site !== undefined && site !== "same-origin") || !equalInConstantTime(formToken, session.formToken))
    throw new OsbError(403, "The form was not sent from this dashboard. Open it again.");
}
