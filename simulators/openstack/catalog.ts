/** The services that are simulated. */
export const SERVICE_NAMES = [
  "keystone",
  "nova",
  "neutron",
  "cinder",
  "glance",
  "swift",
  "designate",
  "octavia",
] as const;
/** The name of a simulated service. */
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Types of the catalog, with the usual port, and the path behind the endpoint's root (docs/discoveries/openstack.md, "What differs per service"). */
export const CATALOG = {
  identity: { name: "keystone", port: 5000, path: "/v3" },
  compute: { name: "nova", port: 8774, path: "/v2.1" },
  volumev3: { name: "cinder", port: 8776, path: "/v3/$(project_id)s" },
  network: { name: "neutron", port: 9696, path: "" },
  image: { name: "glance", port: 9292, path: "" },
  "object-store": { name: "swift", port: 8080, path: "/v1/AUTH_$(project_id)s" },
  dns: { name: "designate", port: 9001, path: "" },
  placement: { name: "placement", port: 8778, path: "" },
  "load-balancer": { name: "octavia", port: 9876, path: "" },
} as const;
/** A type of service, as the catalog names it. */
export type CatalogType = keyof typeof CATALOG;

/** Whether it is one of the catalog's own types. */
export const isCatalogType = (type: string): type is CatalogType => Object.hasOwn(CATALOG, type);

/** The types of the catalog, in its order. */
export const CATALOG_TYPES: readonly CatalogType[] = Object.keys(CATALOG).filter(isCatalogType);

/** Whether a simulated service answers for a type. */
export const isSimulatedType = (type: CatalogType): boolean =>
  SERVICE_NAMES.some((name) => name === CATALOG[type].name);

/** The usual port of each simulated service. */
export const OPENSTACK_PORTS: Readonly<Record<ServiceName, number>> = {
  keystone: CATALOG.identity.port,
  nova: CATALOG.compute.port,
  neutron: CATALOG.network.port,
  cinder: CATALOG.volumev3.port,
  glance: CATALOG.image.port,
  swift: CATALOG["object-store"].port,
  designate: CATALOG.dns.port,
  octavia: CATALOG["load-balancer"].port,
};
