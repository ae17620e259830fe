import { empty, type HttpReply, json } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { bindRoutes, type OpenStackRoute, type RequestContext } from "../../service.ts";
import type { Keystone } from "../behaviour/tokens.ts";
import type { Limit, RegisteredLimit } from "../state/entities.ts";
import { conflict, forbiddenAction } from "../wire/errors.ts";
import { passesFilters } from "../wire/filters.ts";
import { collectionReply, withSelf } from "../wire/links.ts";
import { requireAdmin } from "../wire/policy.ts";
import { newId } from "./attributes.ts";
import { domainView } from "./domains.ts";
import { projectView } from "./projects.ts";
import {
  REGISTERED_CREATE,
  REGISTERED_UPDATE,
  LIMIT_CREATE,
  LIMIT_UPDATE,
  type LimitBody,
  registeredView,
  limitView,
  checkReferences,
  isSameResource,
  isInUse,
  requireIn,
  attributesIn,
} from "./limit-parts.ts";

/*
 * Unified limits (Identity API v3): what each project may have by default, and what a particular one may have. No service of this cloud uses them.
 */

function createRegistered({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "create_registered_limits");
  const rows = attributesIn(context, "registered_limits", REGISTERED_CREATE).map((given): RegisteredLimit => {
    checkReferences(state, "registered_limit", given);
    return {
      id: newId(cloud),
      serviceId: given.service_id,
      regionId: given.region_id ?? null,
      resourceName: given.resource_name,
      defaultLimit: given.default_limit,
      description: given.description ?? null,
    };
  });
  for (const row of rows)
    if (state.registeredLimits.values().some((other) => isSameResource(other, row)))
      throw conflict("registered_limit", "Duplicate entry");
  for (const row of rows) state.registeredLimits.set(row.id, row);
  cloud.kernel.record("keystone", "registered_limit.create", rows[0]?.id ?? "");
  return json(201, {
    registered_limits: rows.map((row) => withSelf(context, "registered_limits", registeredView(row))),
  });
}

function updateRegistered({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "update_registered_limit");
  const given = attributesIn(context, "registered_limit", REGISTERED_UPDATE);
  checkReferences(state, "registered_limit", given);
  const row = requireIn(state.registeredLimits, context, "registered limit for");
  if (isInUse(state, row)) throw registeredInUse(row.id);
  row.serviceId = given.service_id ?? row.serviceId;
  if (given.region_id !== undefined) row.regionId = given.region_id;
  row.resourceName = given.resource_name ?? row.resourceName;
  row.defaultLimit = given.default_limit ?? row.defaultLimit;
  if (given.description !== undefined) row.description = given.description;
  cloud.kernel.record("keystone", "registered_limit.update", row.id);
  return json(200, { registered_limit: withSelf(context, "registered_limits", registeredView(row)) });
}

const registeredInUse = (id: string): Refusal =>
  new Refusal(
    403,
    "",
    `Unable to update or delete registered limit ${id} because there are project limits associated with it.`,
  );

function removeRegistered({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  requireAdmin(context, "delete_registered_limit");
  const row = requireIn(state.registeredLimits, context, "registered limit for");
  if (isInUse(state, row)) throw registeredInUse(row.id);
  state.registeredLimits.delete(row.id);
  cloud.kernel.record("keystone", "registered_limit.delete", row.id);
  return empty(204);
}

/** The schema has two forms, of which one holds. */
const isLimit = (value: unknown): value is LimitBody => typeof value === "object" && value !== null;

function newLimit({ state, cloud }: Keystone, given: LimitBody): Limit {
  const { region_id: _region, ...others } = { ...given };
  checkReferences(state, "limit", others);
  const row: Limit = {
    id: newId(cloud),
    projectId: given.project_id ?? null,
    domainId: given.domain_id ?? null,
    serviceId: given.service_id,
    regionId: given.region_id ?? null,
    resourceName: given.resource_name,
    resourceLimit: given.resource_limit,
    description: given.description ?? null,
  };
  if (!state.registeredLimits.values().some((registered) => isSameResource(registered, row)))
    throw new Refusal(403, "", "Unable to create a limit that has no corresponding registered limit.");
  return row;
}

function createLimits(keystone: Keystone, context: RequestContext): HttpReply {
  const { state, cloud } = keystone;
  requireAdmin(context, "create_limits");
  const given: readonly unknown[] = attributesIn(context, "limits", LIMIT_CREATE);
  const rows = given.filter(isLimit).map((each) => newLimit(keystone, each));
  for (const row of rows) {
    const isOwner = ({ projectId, domainId }: Limit): boolean =>
      projectId === row.projectId && domainId === row.domainId;
    if (state.limits.values().some((other) => isOwner(other) && isSameResource(other, row)))
      throw conflict("limit", "Duplicate entry");
  }
  for (const row of rows) state.limits.set(row.id, row);
  cloud.kernel.record("keystone", "limit.create", rows[0]?.id ?? "");
  return json(201, { limits: rows.map((row) => withSelf(context, "limits", limitView(row))) });
}

const LIMIT_FILTERS = ["service_id", "region_id", "resource_name", "project_id", "domain_id"];

/** A token sees the limits of its own scope. */
function listLimits({ state }: Keystone, context: RequestContext): HttpReply {
  const { actor, query } = context;
  const isSeen = ({ projectId, domainId }: Limit): boolean => {
    if (actor.projectId !== "") return projectId === actor.projectId;
    if (actor.domainId === "") return actor.isAdmin;
    return domainId === actor.domainId || state.projects.get(projectId ?? "")?.domainId === actor.domainId;
  };
  const views = [...state.limits.values()].filter(isSeen).map(limitView);
  return collectionReply(
    context,
    "limits",
    views.filter((view) => passesFilters(view, query, LIMIT_FILTERS)),
  );
}

function showLimit({ state }: Keystone, context: RequestContext): HttpReply {
  const { actor } = context;
  const row = state.limits.get(context.params.id ?? "");
  const project = state.projects.get(row?.projectId ?? "");
  const domain = state.domains.get(row?.domainId ?? "");
  const isOwn = row !== undefined && actor.projectId !== "" && row.projectId === actor.projectId;
  const isOfDomain = actor.domainId !== "" && [row?.domainId, project?.domainId].includes(actor.domainId);
  if (!actor.isAdmin && !isOwn && !isOfDomain) throw forbiddenAction("identity:get_limit");
  const found = requireIn(state.limits, context, "limit for");
  // A caller that is allowed because of the project, or the domain, sees it as well.
  const owner = actor.isAdmin
    ? {}
    : {
        ...(project !== undefined && { project: withSelf(context, "projects", projectView(project)) }),
        ...(domain !== undefined && { domain: withSelf(context, "domains", domainView(domain)) }),
      };
  return json(200, { limit: { ...withSelf(context, "limits", limitView(found)), ...owner } });
}

function updateLimit({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  const row = requireIn(state.limits, context, "limit for");
  requireAdmin(context, "update_limit");
  const given = attributesIn(context, "limit", LIMIT_UPDATE);
  row.resourceLimit = given.resource_limit ?? row.resourceLimit;
  if (given.description !== undefined) row.description = given.description;
  cloud.kernel.record("keystone", "limit.update", row.id);
  return json(200, { limit: withSelf(context, "limits", limitView(row)) });
}

function removeLimit({ state, cloud }: Keystone, context: RequestContext): HttpReply {
  const { id } = requireIn(state.limits, context, "limit for");
  requireAdmin(context, "delete_limit");
  state.limits.delete(id);
  cloud.kernel.record("keystone", "limit.delete", id);
  return empty(204);
}

const MODEL = {
  name: "flat",
  description: "Limit enforcement and validation does not take project hierarchy into consideration.",
};

const REGISTERED_FILTERS = ["service_id", "region_id", "resource_name"];

/** `/v3/registered_limits` and `/v3/limits` */
export const limitRoutes = (keystone: Keystone): readonly OpenStackRoute[] =>
  bindRoutes(keystone, [
    [
      "GET",
      "/v3/registered_limits",
      ({ state }, context) => {
        const views = [...state.registeredLimits.values()].map(registeredView);
        return collectionReply(
          context,
          "registered_limits",
          views.filter((view) => passesFilters(view, context.query, REGISTERED_FILTERS)),
        );
      },
    ],
    ["POST", "/v3/registered_limits", createRegistered],
    [
      "GET",
      "/v3/registered_limits/:id",
      ({ state }, context) => {
        const row = requireIn(state.registeredLimits, context, "registered limit for");
        return json(200, { registered_limit: withSelf(context, "registered_limits", registeredView(row)) });
      },
    ],
    ["PATCH", "/v3/registered_limits/:id", updateRegistered],
    ["DELETE", "/v3/registered_limits/:id", removeRegistered],
    ["GET", "/v3/limits", listLimits],
    ["POST", "/v3/limits", createLimits],
    ["GET", "/v3/limits/model", () => json(200, { model: MODEL })],
    ["GET", "/v3/limits/:id", showLimit],
    ["PATCH", "/v3/limits/:id", updateLimit],
    ["DELETE", "/v3/limits/:id", removeLimit],
  ]);
