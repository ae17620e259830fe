import type { FastifyInstance, FastifyReply } from "fastify";
import { sendArtifact } from "../backup/routes/extension.ts";
import { requireOwnBackup } from "../backup/orders.ts";
import { keyRingOf } from "../config.ts";
import { BackendError, OsbError } from "../errors.ts";
import { isObject } from "../json.ts";
import type { ControlPlane } from "../osb/operations.ts";
import { refusalOf } from "../osb/refusals.ts";
import { createSeal } from "../store/seal.ts";
import { createAccess } from "./access.ts";
import { ACTIONS, type DashboardAction, type Fields } from "./actions.ts";
import {
  checkForm,
  type DashboardParts,
  type DashboardRequest,
  type DashboardRoute,
  finishLogin,
  logOut,
  type Manager,
  managerOf,
  mayNotManage,
  sendToLogin,
} from "./admission.ts";
import { DASHBOARD_PATH } from "../osb/paths.ts";
import { CALLBACK_PATH } from "./clients.ts";
import type { Html } from "./html.ts";
import { messagePage, PAGE_HEADERS } from "./layout.ts";
import { dashboardPage } from "./page.ts";
import { platformAt } from "./platform.ts";
import { createSessions } from "./sessions.ts";
import { createMetricsReader, viewOf } from "./view.ts";

const FORM_BYTES_MAX = 16_384;

const sendPage = (reply: FastifyReply, content: Html): FastifyReply =>
  reply.type("text/html; charset=utf-8").send(content.text);

/** The fields of a form; a field that comes twice counts once. */
const fieldsOf = (body: unknown): Fields =>
  isObject(body) ? Object.fromEntries(Object.entries(body).map(([name, value]) => [name, String(value)])) : {};

/** Errors as pages, which show nothing of what went wrong inside. */
function addErrors(scope: FastifyInstance, report: (error: unknown) => void): void {
  scope.setErrorHandler((error, request, reply) => {
    const isAway = error instanceof BackendError;
    const { status, body } = isAway
      ? { status: 503, body: { description: "The platform can't be asked at present. Try again later." } }
      : refusalOf(error, report);
    const { id } = isObject(request.params) ? request.params : {};
    const back = status < 500 && status !== 403 && typeof id === "string" ? id : undefined;
    return sendPage(reply.code(status).headers(PAGE_HEADERS), messagePage("Not done", String(body.description), back));
  });
}

function readForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser<string>(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: FORM_BYTES_MAX },
    async (_request: unknown, text: string) => Object.fromEntries(new URLSearchParams(text)),
  );
}

function addActions(scope: FastifyInstance, controlPlane: ControlPlane, parts: DashboardParts): void {
  const { context } = controlPlane;
  /** @throws OsbError 401 for a user who is not logged in: a form is not sent again after a login */
  const requireManager = async (request: DashboardRequest, fields: Fields): Promise<Manager> => {
    const manager = await managerOf(parts, request);
    if (manager === undefined) throw new OsbError(401, "Your session has ended. Open the dashboard again.");
    checkForm(parts, request, manager.session, fields.form_token ?? "");
    return manager;
  };
  const act =
    (name: string, action: DashboardAction) =>
    async (request: DashboardRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const { id, backup = "" } = request.params;
      const fields = fieldsOf(request.body);
      const { session, instance } = await requireManager(request, fields);
      const requireManagerOf = async (other: string): Promise<void> => {
        if ((await parts.mayManage(session, other)) !== "manage") throw mayNotManage();
      };
      await action(controlPlane, { instance, fields, backupId: backup, requireManagerOf });
      const entry = { action: `dashboard ${name}`, subject: id, detail: backup };
      await context.store.note({ at_ms: context.host.nowMs(), actor: `dashboard, user ${session.userName}`, ...entry });
      return reply.redirect(`${DASHBOARD_PATH}/${id}`, 303);
    };
  for (const [path, action] of Object.entries(ACTIONS))
    scope.post<DashboardRoute>(`${DASHBOARD_PATH}/:id/${path}`, act(path.replace("/:backup", ""), action));
  scope.post<DashboardRoute>(`${DASHBOARD_PATH}/:id/logout`, async (request, reply) => {
    const { session } = await requireManager(request, fieldsOf(request.body));
    await logOut(parts, session, reply);
    return sendPage(reply, messagePage("Logged out", "The session has ended.", request.params.id));
  });
}

function addPages(scope: FastifyInstance, controlPlane: ControlPlane, parts: DashboardParts): void {
  const metrics = createMetricsReader(controlPlane);
  scope.get<DashboardRoute>(CALLBACK_PATH, (request, reply) => finishLogin(parts, request, reply));
  scope.get<DashboardRoute>(`${DASHBOARD_PATH}/:id`, async (request, reply) => {
    const manager = await managerOf(parts, request);
    if (manager === undefined) return sendToLogin(parts, request.params.id, reply);
    const { session, instance } = manager;
    const view = await viewOf(controlPlane, instance, metrics);
    return sendPage(reply, dashboardPage(view, session.userName, session.formToken));
  });
  scope.get<DashboardRoute>(`${DASHBOARD_PATH}/:id/backups/:backup/download`, async (request, reply) => {
    const manager = await managerOf(parts, request);
    if (manager === undefined) return sendToLogin(parts, request.params.id, reply);
    const { backup: id = "" } = request.params;
    const backup = await requireOwnBackup(controlPlane.context, manager.instance, id);
    return sendArtifact(controlPlane, backup, reply);
  });
}

/**
 * A page for each instance, behind the platform's single sign-on (docs/discoveries/data-services.md, "The guard, the SSO proxy and the dashboard").
 * It admits whoever may manage the instance. No routes without `dashboard` in the configuration.
 */
export function dashboardRoutes(
  app: FastifyInstance,
  controlPlane: ControlPlane,
  report: (error: unknown) => void,
): void {
  const { context } = controlPlane;
  const { dashboard: config } = context.config;
  if (config === undefined) return;
  const platform = platformAt(context.host, config.apiUrl);
  const seal = createSeal(context.host, keyRingOf(context.config), "dashboard");
  const mayManage = createAccess(context, platform, config.checkupMs);
  const parts = { context, config, platform, seal, mayManage, sessions: createSessions(context, seal) };
  void app.register(async (scope) => {
    scope.addHook("onSend", async (_request, reply) => void reply.headers(PAGE_HEADERS));
    addErrors(scope, report);
    readForms(scope);
    addPages(scope, controlPlane, parts);
    addActions(scope, controlPlane, parts);
  });
}
