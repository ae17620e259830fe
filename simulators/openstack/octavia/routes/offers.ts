import { empty, type HttpReply, isObject, json, queryOf } from "../../../kernel/index.ts";
import type { OpenStackRoute, RequestContext } from "../../service.ts";
import { FLAVOR_CAPABILITIES, OFFERS, PROVIDERS, ZONE_CAPABILITIES } from "../state/offers.ts";
import { type Octavia, type OfferKind, type OfferRow, recordChange } from "../state/state.ts";
import { badRequest, conflict, forbidden, notFound } from "../wire/errors.ts";
import { bodyOf, changedValuesOf, newValuesOf, type Values } from "../wire/values.ts";

/*
 * Flavors and zones of load balancers with their profiles, and what the providers understand: administrators offer, everybody chooses.
 */

const KINDS: readonly OfferKind[] = ["flavorprofile", "flavor", "availability_zone_profile", "availability_zone"];

const viewOf = (kind: OfferKind, { id, values }: OfferRow): Values =>
  OFFERS[kind].isNamed === true ? values : { id, ...values };

/** @throws Refusal 404 */
function requireOffer({ slot }: Octavia, kind: OfferKind, id: string): OfferRow {
  const row = slot.value.offers[kind].get(id);
  if (row === undefined) throw notFound(OFFERS[kind].title, id);
  return row;
}

/** @throws Refusal 400 for JSON that the provider does not understand */
function checkData(kind: OfferKind, values: Values): void {
  const { data } = OFFERS[kind];
  const text = values[data?.name ?? ""];
  if (data === undefined || typeof text !== "string") return;
  const provider = values.provider_name;
  if (provider !== undefined && !PROVIDERS.some(({ name }) => name === provider))
    throw badRequest(`Provider '${String(provider)}' is not enabled.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!isObject(parsed)) throw badRequest(`Invalid ${data.name}: it must be a JSON object.`);
  for (const word of Object.keys(parsed))
    if (!data.words.some(({ name }) => name === word))
      throw badRequest(`Additional properties are not allowed ('${word}' was unexpected)`);
}

/** @throws Refusal 400, 404, 409 */
function checkOffer(octavia: Octavia, kind: OfferKind, values: Values, own?: OfferRow): void {
  checkData(kind, values);
  const { profile, title } = OFFERS[kind];
  const profileId = values[profile?.name ?? ""];
  if (profile !== undefined && typeof profileId === "string") requireOffer(octavia, profile.kind, profileId);
  for (const row of octavia.slot.value.offers[kind].values())
    if (
      row !== own &&
      row.values.name === values.name &&
      kind !== "flavorprofile" &&
      kind !== "availability_zone_profile"
    )
      throw conflict(`${title} of name '${String(values.name)}' already exists.`);
}

/** @throws Refusal 409 while a flavor, a zone or a load balancer names it */
function checkUnused({ slot }: Octavia, kind: OfferKind, { id }: OfferRow): void {
  const { usedBy, title } = OFFERS[kind];
  const inUse = (): never => {
    throw conflict(`${title} ${id} is in use and cannot be modified.`);
  };
  if (usedBy !== undefined) {
    const name = OFFERS[usedBy].profile?.name ?? "";
    for (const { values } of slot.value.offers[usedBy].values()) if (values[name] === id) inUse();
  }
  for (const { values } of slot.value.rows.values())
    if (
      (kind === "flavor" && values.flavor_id === id) ||
      (kind === "availability_zone" && values.availability_zone === id)
    )
      inUse();
}

function checkMay({ actor }: RequestContext, isForAdmins: boolean): void {
  if (isForAdmins && !actor.isAdmin) throw forbidden();
}

function create(octavia: Octavia, kind: OfferKind, context: RequestContext): HttpReply {
  checkMay(context, true);
  const values = newValuesOf(OFFERS[kind].attributes, bodyOf(context, kind));
  checkOffer(octavia, kind, values);
  const id = OFFERS[kind].isNamed === true ? String(values.name) : octavia.cloud.uuid("octavia");
  const row: OfferRow = { id, values };
  octavia.slot.value.offers[kind].set(id, row);
  recordChange(octavia, `${kind}.create`, id, { name: values.name });
  return json(201, { [kind]: viewOf(kind, row) });
}

function update(octavia: Octavia, kind: OfferKind, context: RequestContext): HttpReply {
  checkMay(context, true);
  const changed = changedValuesOf(OFFERS[kind].attributes, bodyOf(context, kind));
  const row = requireOffer(octavia, kind, context.params.id ?? "");
  // The data of a profile that is in use stays; its name may change.
  if (Object.keys(changed).some((name) => name === "provider_name" || name === OFFERS[kind].data?.name))
    checkUnused(octavia, kind, row);
  checkOffer(octavia, kind, { ...row.values, ...changed }, row);
  row.values = { ...row.values, ...changed };
  recordChange(octavia, `${kind}.update`, row.id, { name: row.values.name });
  return json(200, { [kind]: viewOf(kind, row) });
}

function remove(octavia: Octavia, kind: OfferKind, context: RequestContext): HttpReply {
  checkMay(context, true);
  const row = requireOffer(octavia, kind, context.params.id ?? "");
  checkUnused(octavia, kind, row);
  octavia.slot.value.offers[kind].delete(row.id);
  recordChange(octavia, `${kind}.delete`, row.id);
  return empty(204);
}

function list({ slot }: Octavia, kind: OfferKind, context: RequestContext): HttpReply {
  const { collection, isHidden = false } = OFFERS[kind];
  checkMay(context, isHidden);
  const query = [...queryOf(context.request)];
  const views = [...slot.value.offers[kind].values()].map((row) => viewOf(kind, row));
  const found = views.filter((view) => query.every(([name, value]) => !(name in view) || String(view[name]) === value));
  return json(200, { [collection]: found, [`${collection}_links`]: [] });
}

/** @throws Refusal 403; 400 for a provider that does not exist */
function capabilities(member: string, all: readonly object[], context: RequestContext): HttpReply {
  checkMay(context, true);
  const { provider = "" } = context.params;
  if (!PROVIDERS.some(({ name }) => name === provider)) throw badRequest(`Provider '${provider}' is not enabled.`);
  return json(200, { [member]: all });
}

/** The flavor and the zone that a load balancer names are offered. @throws Refusal 400 */
export function checkChoices({ slot }: Octavia, values: Values): void {
  const { flavor_id: flavor, availability_zone: zone } = values;
  const { offers } = slot.value;
  const check = (kind: "flavor" | "availability_zone", word: string, id: unknown): void => {
    if (typeof id !== "string") return;
    const row = offers[kind].get(id);
    if (row === undefined) throw badRequest(`Invalid ${word}.`);
    if (row.values.enabled === false) throw badRequest(`The selected ${word} is not allowed in this deployment: ${id}`);
  };
  check("flavor", "flavor_id", flavor);
  check("availability_zone", "availability_zone", zone);
}

/** All of these routes, under both names of the version. */
export const offerRoutes = (octavia: Octavia): readonly OpenStackRoute[] =>
  ["/v2", "/v2.0"].flatMap((version): readonly OpenStackRoute[] => {
    const providers = `${version}/lbaas/providers`;
    return [
      { method: "GET", path: providers, handler: () => json(200, { providers: PROVIDERS }) },
      {
        method: "GET",
        path: `${providers}/:provider/flavor_capabilities`,
        handler: (context) => capabilities("flavor_capabilities", FLAVOR_CAPABILITIES, context),
      },
      {
        method: "GET",
        path: `${providers}/:provider/availability_zone_capabilities`,
        handler: (context) => capabilities("availability_zone_capabilities", ZONE_CAPABILITIES, context),
      },
      ...KINDS.flatMap((kind): readonly OpenStackRoute[] => {
        const path = `${version}/lbaas/${OFFERS[kind].path}`;
        const show = (context: RequestContext): HttpReply => {
          checkMay(context, OFFERS[kind].isHidden === true);
          return json(200, { [kind]: viewOf(kind, requireOffer(octavia, kind, context.params.id ?? "")) });
        };
        return [
          { method: "GET", path, handler: (context) => list(octavia, kind, context) },
          { method: "POST", path, handler: (context) => create(octavia, kind, context) },
          { method: "GET", path: `${path}/:id`, handler: show },
          { method: "PUT", path: `${path}/:id`, handler: (context) => update(octavia, kind, context) },
          { method: "DELETE", path: `${path}/:id`, handler: (context) => remove(octavia, kind, context) },
        ];
      }),
    ];
  });
