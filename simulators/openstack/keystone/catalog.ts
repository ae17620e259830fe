import { CATALOG, type CatalogType, type Cloud } from "../cloud.ts";
import type { Context } from "../service.ts";
import type { Endpoint, KeystoneState, Scope } from "./state.ts";

const isCatalogType = (type: string): type is CatalogType => Object.hasOwn(CATALOG, type);

/** An endpoint's URL as stored: placeholders not filled in. */
export function endpointUrl(state: KeystoneState, cloud: Cloud, endpoint: Endpoint, context: Context): string {
  if (endpoint.url !== null) return endpoint.url;
  const type = state.services.get(endpoint.serviceId)?.type ?? "";
  if (!isCatalogType(type)) return "";
  const root = type === "identity" ? ownRoot(cloud, context) : cloud.root(type, context.request);
  return root + (type === "identity" ? "/v3/" : CATALOG[type].path);
}

const ownRoot = (cloud: Cloud, context: Context): string => cloud.root("identity", context.request);

/** The catalog of a token; endpoints that need a project are left out where there is none. */
export function catalogOf(state: KeystoneState, cloud: Cloud, scope: Scope, context: Context): unknown[] {
  const byService = new Map<string, unknown[]>();
  for (const endpoint of state.endpoints.values()) {
    const url = filled(endpointUrl(state, cloud, endpoint, context), scope);
    if (!endpoint.enabled || url === undefined) continue;
    const { id, regionId } = endpoint;
    const entry = { id, interface: endpoint.interface, region_id: regionId, url, region: regionId };
    const list = byService.get(endpoint.serviceId);
    if (list === undefined) byService.set(endpoint.serviceId, [entry]);
    else list.push(entry);
  }
  return [...state.services.values()]
    .filter(({ enabled }) => enabled)
    .map(({ id, type, name }) => ({ endpoints: byService.get(id) ?? [], id, type, name }));
}

function filled(url: string, scope: Scope): string | undefined {
  const placeholder = /[$%]\((?:project_id|tenant_id)\)s/g;
  if (scope.kind === "project") return url.replace(placeholder, scope.id);
  return placeholder.test(url) ? undefined : url;
}
