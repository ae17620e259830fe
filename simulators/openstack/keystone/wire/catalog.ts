import { CATALOG, isCatalogType } from "../../cloud.ts";
import type { RequestContext } from "../../service.ts";
import { catalogEndpoints, endpointsOfProject } from "../state/endpoint-filter.ts";
import type { Endpoint, Scope } from "../state/entities.ts";
import type { KeystoneState } from "../state/state.ts";

/** An endpoint's URL as stored, placeholders not filled in. Empty if the catalog does not know the service's type. */
export function endpointUrl(state: KeystoneState, { cloud, request }: RequestContext, endpoint: Endpoint): string {
  if (endpoint.url !== null) return endpoint.url;
  const type = state.services.get(endpoint.serviceId)?.type ?? "";
  if (!isCatalogType(type)) return "";
  return cloud.root(type, request) + (type === "identity" ? "/v3/" : CATALOG[type].path);
}

/** The catalog of a token. Endpoints that need a project are left out of the catalog of a token without one. */
export function catalogOf(state: KeystoneState, context: RequestContext, scope: Scope): readonly object[] {
  const byService = Map.groupBy(
    catalogEndpoints(state, scope.kind === "project" ? scope.id : undefined).flatMap((endpoint) => {
      const url = fillProject(endpointUrl(state, context, endpoint), scope);
      return endpoint.enabled && url !== undefined ? [{ endpoint, url }] : [];
    }),
    ({ endpoint }) => endpoint.serviceId,
  );
  const all = scope.kind !== "project" || endpointsOfProject(state, scope.id).length === 0;
  return [...state.services.values()]
    .filter(({ id, enabled }) => enabled && (all || byService.has(id)))
    .map(({ id, type, name }) => ({ endpoints: (byService.get(id) ?? []).map(view), id, type, name }));
}

const view = ({ endpoint: { id, interface: side, regionId }, url }: { endpoint: Endpoint; url: string }): object => ({
  id,
  interface: side,
  region_id: regionId,
  url,
  region: regionId,
});

function fillProject(url: string, scope: Scope): string | undefined {
  const placeholder = /[$%]\((?:project_id|tenant_id)\)s/g;
  if (scope.kind === "project") return url.replace(placeholder, scope.id);
  return placeholder.test(url) ? undefined : url;
}
