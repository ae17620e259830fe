import type { Answer } from "../../client/answer.ts";
import { type Observation, bodyOf } from "../../client/http/observation.ts";
import { stringOf } from "../../client/http/json.ts";
import type { RawRequest } from "../../client/http/transport.ts";
import { isSuccess } from "../../client/request.ts";
import { notApplicable, unknown, Verdicted } from "../../runner/check.ts";
import type { Offer } from "../../client/catalog.ts";
import { asAnother } from "./checks/ownership.ts";
import type { IsolationContext } from "./context.ts";

/** An instance with the page at its dashboard_url. */
export interface Dashboard {
  readonly id: string;
  readonly offer: Offer;
  readonly url: string;
  /** The answer with its URL. */
  readonly named: Observation;
}

/** A request that the page of an instance makes, as its operator shows it: `POST https://… body`. */
export interface PageRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A new instance, of another organization if it should be foreign: then they have different managers. */
async function provisionFor(context: IsolationContext, offer: Offer, isForeign: boolean): Promise<Answer> {
  if (!isForeign) return (await context.osb.freshOf(offer)).provisioned.answer;
  const body = asAnother(context.osb.provisionBody(offer));
  const id = context.platform.newId();
  const made = await context.platform.settle(offer, await context.osb.provision(offer, id, { body }));
  if (made.state === "succeeded") return made.answer;
  throw new Verdicted(unknown(`an instance of another organization ended ${made.state}`, made.answer));
}

/** A new instance with a dashboard; ends the check as not applicable if there is none. */
export async function requireDashboard(context: IsolationContext, isForeign = false): Promise<Dashboard> {
  const offer = await context.chooseOffer();
  const named = await provisionFor(context, offer, isForeign);
  const { instanceId: id } = named;
  const url = stringOf(bodyOf(named)["dashboard_url"]);
  if (url !== undefined && /^https?:/.test(url)) return { id, offer, url, named };
  const fetched = await context.platform.send("fetch-instance", { instanceId: id });
  const later = isSuccess(fetched) ? stringOf(bodyOf(fetched)["dashboard_url"]) : undefined;
  if (later !== undefined && /^https?:/.test(later)) return { id, offer, url: later, named: fetched };
  throw new Verdicted(notApplicable("instances have no dashboard", named));
}

/** One request of a browser, without following redirects. */
export function browse(
  context: IsolationContext,
  url: string,
  { method = "GET", headers = {}, body }: Partial<RawRequest> = {},
): Promise<Observation> {
  return context.platform.exchange({ method, url, headers, ...(body !== undefined && { body }) });
}

/** The cookies and other headers of a browser with a session: lines of `Name: value` from the operator's hook. */
export async function requireSession(
  context: IsolationContext,
  { id, url }: Dashboard,
): Promise<Readonly<Record<string, string>>> {
  const lines = await context.look("dashboard-session", id);
  const headers = Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
  const shown = await browse(context, url, { headers });
  if (isSuccess(shown)) return headers;
  throw new Verdicted(unknown(`the session of its own manager is answered ${shown.status}`, shown));
}

/** The requests of an instance's page, from the operator's hook. */
export async function requirePageRequests(
  context: IsolationContext,
  { id }: Dashboard,
): Promise<readonly PageRequest[]> {
  const lines = await context.look("dashboard-requests", id);
  return lines.flatMap((line) => {
    const [, method, url, body = ""] = /^([A-Z]+) (\S+)(?: (.*))?$/.exec(line) ?? [];
    return method === undefined || url === undefined ? [] : [{ method, url, body }];
  });
}

const UTF8 = new TextDecoder();

/** The contents of a page. */
export const pageText = ({ bytes }: Observation): string => UTF8.decode(bytes);

/** The usual type of a body. */
export const typeOf = (body: string): string =>
  body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded";
