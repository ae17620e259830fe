import { isSuccess } from "../../../client/request.ts";
import { type Evidence, fail, type Outcome, pass, unknown, Verdicted } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import {
  browse,
  type Dashboard,
  type PageRequest,
  pageText,
  requireDashboard,
  requirePageRequests,
  requireSession,
  typeOf,
} from "../dashboards.ts";
import { isolationCheck } from "../plan.ts";
import { judgeSpan } from "../spans.ts";

/**
 * The headers by which a proxy in front of a dashboard identifies the user: whoever reaches the dashboard
 * itself can forge them.
 */
const FORGED: readonly Readonly<Record<string, string>>[] = [
  {},
  { "X-Forwarded-User": "admin", "X-Forwarded-Email": "admin@example.com" },
  { "X-Remote-User": "admin", "Remote-User": "admin", "X-Auth-Request-User": "admin" },
  { "X-Original-URL": "/", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost" },
  { Authorization: "Bearer drydock" },
  { Authorization: `Basic ${Buffer.from("admin:admin").toString("base64")}` },
];

/** The page as its own manager sees it; undefined if no hook provides a session. */
async function shownToManager(context: IsolationContext, dashboard: Dashboard): Promise<string | undefined> {
  if (context.run.backend.looks?.["dashboard-session"] === undefined) return undefined;
  return pageText(await browse(context, dashboard.url, { headers: await requireSession(context, dashboard) }));
}

async function judgeBypass(context: IsolationContext): Promise<Outcome> {
  const dashboard = await requireDashboard(context);
  const shown = await shownToManager(context, dashboard);
  const hasOrigins = context.run.backend.looks?.["dashboard-origin"] !== undefined;
  const origins = hasOrigins ? await context.look("dashboard-origin", dashboard.id) : [];
  const evidence: Evidence[] = [dashboard.named];
  for (const url of [dashboard.url, ...origins])
    for (const headers of FORGED) {
      const answer = await browse(context, url, { headers }).catch(() => undefined);
      if (answer === undefined) continue;
      evidence.push(answer);
      if (!isSuccess(answer)) continue;
      if (shown === undefined)
        return unknown(
          "it answers without a session; whether it shows anything, only a session tells (hooks.looks.dashboard-session in drydock.yml)",
          answer,
        );
      if (pageText(answer) === shown || pageText(answer).includes(dashboard.id))
        return fail("a dashboard to show nothing without a session", `${url} is shown`, answer);
    }
  return pass(...evidence);
}

const OWN_AND_FOREIGN = "a dashboard to serve its own instance, whatever a request names";

/** A request with every id of one instance replaced by another's, in one place at a time. */
function swaps({ method, url, body }: PageRequest, own: string, foreign: string): readonly PageRequest[] {
  const [path = "", query] = url.split("?");
  const more = query === undefined ? "" : `&${query}`;
  const inPath = { method, url: url.replaceAll(own, foreign), body };
  const inQuery = { method, url: `${path}?instance_id=${foreign}&instance=${foreign}&guid=${foreign}${more}`, body };
  const inBody = { method, url, body: body.replaceAll(own, foreign) };
  return [...(inPath.url === url ? [] : [inPath]), inQuery, ...(inBody.body === body ? [] : [inBody])];
}

/** The state of the other instance, which shows whether a swapped request reached it. */
async function backupsOf(context: IsolationContext, { id, offer }: Dashboard): Promise<string> {
  const client = await context.backups(offer).catch((error: unknown) => {
    if (error instanceof Verdicted) return undefined;
    throw error;
  });
  if (client === undefined || !client.can("list")) return "";
  return pageText(await client.ask("list", { instance: id }));
}

async function judgeSwap(context: IsolationContext): Promise<Outcome> {
  context.requireLook("dashboard-session");
  const own = await requireDashboard(context);
  const session = await requireSession(context, own);
  const other = await requireDashboard(context, true);
  const was = await backupsOf(context, other);
  const hooks = context.run.backend.looks ?? {};
  const asked = hooks["dashboard-requests"] === undefined ? [] : await requirePageRequests(context, own);
  const evidence: Evidence[] = [own.named, other.named];
  for (const request of [{ method: "GET", url: own.url, body: "" }, ...asked])
    for (const swapped of swaps(request, own.id, other.id)) {
      const answer = await browse(context, swapped.url, {
        method: swapped.method,
        headers: { ...session, ...(swapped.body !== "" && { "Content-Type": typeOf(swapped.body) }) },
        ...(swapped.body !== "" && { body: swapped.body }),
      });
      evidence.push(answer);
      const isOfOther = swapped.url.split("?")[0]?.includes(other.id) === true;
      if (isSuccess(answer) && (isOfOther || pageText(answer).includes(other.id)))
        return fail(OWN_AND_FOREIGN, `${swapped.method} of another instance is answered ${answer.status}`, answer);
    }
  if ((await backupsOf(context, other)) !== was)
    return fail(OWN_AND_FOREIGN, "another instance's backups have changed", ...evidence);
  return pass(...evidence);
}

/** How long a session may outlive its role if the vendor claims nothing, in milliseconds. */
const ROLE_MS_MAX = 600_000;
const ROLE_POLL_MS = 1000;

async function judgeRole(context: IsolationContext): Promise<Outcome> {
  context.requireLook("dashboard-session");
  context.requireFault("role-removed");
  const dashboard = await requireDashboard(context);
  const headers = await requireSession(context, dashboard);
  const { clock, signal } = context.platform.settings;
  return context.withFault("role-removed", dashboard.id, async () => {
    const removedMs = clock.nowMs();
    for (;;) {
      const answer = await browse(context, dashboard.url, { headers });
      const tookMs = clock.nowMs() - removedMs;
      if (!isSuccess(answer))
        return judgeSpan(context, "role", {
          what: "time that a session outlived its role",
          tookMs,
          evidence: [dashboard.named, answer],
        });
      if (tookMs > ROLE_MS_MAX)
        return fail(
          `a session to end within ${ROLE_MS_MAX / 1000} s of its role`,
          `it is still answered ${answer.status}`,
          answer,
        );
      await clock.sleepMs(ROLE_POLL_MS, signal);
    }
  });
}

/** IS-50: a dashboard can't be bypassed. */
export const bypassCheck = isolationCheck("IS-50", {
  requirement:
    "Without a session a dashboard shows nothing, whatever headers say of the user, nor does the server behind its proxy.",
  run: judgeBypass,
});

/** IS-68: a dashboard serves its own instance. */
export const swapCheck = isolationCheck("IS-68", {
  requirement:
    "A session of one instance's manager reaches no other instance, named in the path, the query or the body.",
  instances: 2,
  run: judgeSwap,
});

/** IS-69: a role that was removed has no effect. */
export const roleRemovalCheck = isolationCheck("IS-69", {
  requirement: `Within the time that the vendor claims, or ${ROLE_MS_MAX / 1000} s, a session ends with the role that it was given for.`,
  exclusive: true,
  run: judgeRole,
});
