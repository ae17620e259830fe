import type { Endpoint, EndpointGroup } from "./entities.ts";
import type { KeystoneState } from "./state.ts";

/** Whether an endpoint is of the service, region and interface that a group names. */
export function isInGroup({ filters }: EndpointGroup, endpoint: Endpoint): boolean {
  const shown: Readonly<Record<string, unknown>> = {
    service_id: endpoint.serviceId,
    region_id: endpoint.regionId,
    interface: endpoint.interface,
  };
  return Object.entries(filters).every(([name, value]) => shown[name] === value);
}

/** The endpoints that a project was given, by themselves or in groups. */
export function endpointsOfProject(state: KeystoneState, projectId: string): readonly Endpoint[] {
  const own = state.endpointsByProject.get(projectId) ?? [];
  const groups = (state.endpointGroupsByProject.get(projectId) ?? []).flatMap(
    (id) => state.endpointGroups.get(id) ?? [],
  );
  return [...state.endpoints.values()].filter(
    (endpoint) => own.includes(endpoint.id) || groups.some((group) => isInGroup(group, endpoint)),
  );
}

/** The endpoints in the catalog of a project: those it was given, or all if it was given none. */
export function catalogEndpoints(state: KeystoneState, projectId: string | undefined): readonly Endpoint[] {
  const given = projectId === undefined ? [] : endpointsOfProject(state, projectId);
  return given.length > 0 ? given : [...state.endpoints.values()];
}
