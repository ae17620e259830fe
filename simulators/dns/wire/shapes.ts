import {
  ANY,
  anonymous,
  BOOL,
  type Decoded,
  INT,
  lax,
  listOf,
  mapOf,
  STRING,
  STRINGS,
  structOf,
  TEXTS,
} from "./json/shape.ts";
import { isObject } from "../../kernel/index.ts";
import { durationNs, invalidDuration } from "./duration.ts";
import { JsonError } from "./json/parse.ts";
import { SERVICE_CHECK, SERVICE_CHECK_1_8 } from "./check-shapes.ts";

/** Addresses of a service by tag. */
const SERVICE_ADDRESSES = mapOf(structOf("structs.ServiceAddress", { Address: STRING, Port: INT }));

/** Weights of a service in SRV records. */
const WEIGHTS = structOf("structs.Weights", { Passing: INT, Warning: INT });

/** Where something is. */
export const LOCALITY = structOf("structs.Locality", { Region: STRING, Zone: STRING });

/** Named ports of a service. */
const PORTS = listOf(
  structOf("structs.ServicePort", { Name: STRING, Port: INT, Default: BOOL }),
  "structs.ServicePorts",
);

const MESH_GATEWAY = structOf("structs.MeshGatewayConfig", { Mode: STRING });

/** The upstreams of a proxy, in both spellings. */
export const UPSTREAM_FIELDS = {
  DestinationType: STRING,
  destination_type: STRING,
  DestinationNamespace: STRING,
  DestinationPartition: STRING,
  DestinationPeer: STRING,
  destination_peer: STRING,
  DestinationName: STRING,
  destination_name: STRING,
  Datacenter: STRING,
  LocalBindAddress: STRING,
  local_bind_address: STRING,
  LocalBindPort: INT,
  local_bind_port: INT,
  LocalBindSocketPath: STRING,
  local_bind_socket_path: STRING,
  LocalBindSocketMode: STRING,
  local_bind_socket_mode: STRING,
  Config: mapOf(ANY),
  MeshGateway: MESH_GATEWAY,
  mesh_gateway: MESH_GATEWAY,
} as const;

const EXPOSE = structOf("structs.ExposeConfig", {
  Checks: BOOL,
  Paths: listOf(
    structOf("structs.ExposePath", {
      ListenerPort: INT,
      Path: STRING,
      LocalPathPort: INT,
      Protocol: STRING,
      ParsedFromCheck: BOOL,
    }),
    "[]structs.ExposePath",
  ),
});

/** The settings of a proxy, in both spellings. */
export const PROXY_FIELDS = {
  EnvoyExtensions: ANY,
  envoy_extensions: ANY,
  DestinationServiceName: STRING,
  destination_service_name: STRING,
  DestinationServiceID: STRING,
  destination_service_id: STRING,
  LocalServiceAddress: STRING,
  local_service_address: STRING,
  LocalServicePort: INT,
  local_service_port: INT,
  LocalServiceSocketPath: STRING,
  local_service_socket_path: STRING,
  Mode: STRING,
  Config: mapOf(ANY),
  Upstreams: listOf(structOf("structs.Upstream", UPSTREAM_FIELDS), "structs.Upstreams"),
  MeshGateway: MESH_GATEWAY,
  mesh_gateway: MESH_GATEWAY,
  Expose: EXPOSE,
  TransparentProxy: ANY,
  transparent_proxy: ANY,
  AccessLogs: ANY,
  access_logs: ANY,
} as const;

/** The proxy in a service. */
export const PROXY = anonymous(structOf("structs.ConnectProxyConfig", PROXY_FIELDS));

const SERVICE_GO =
  'struct { EnableTagOverrideSnake bool "json:\\"enable_tag_override\\""; TaggedAddressesSnake map[string]structs.ServiceAddress "json:\\"tagged_addresses\\""; *structs.Alias }';

const SERVICE_FIELDS = {
  Kind: STRING,
  ID: STRING,
  Name: STRING,
  Tags: STRINGS,
  Address: STRING,
  TaggedAddresses: SERVICE_ADDRESSES,
  tagged_addresses: SERVICE_ADDRESSES,
  Meta: TEXTS,
  Port: INT,
  Weights: WEIGHTS,
  Token: STRING,
  EnableTagOverride: BOOL,
  enable_tag_override: BOOL,
} as const;

const SERVICE_FIELDS_TODAY = {
  ...SERVICE_FIELDS,
  Ports: PORTS,
  SocketPath: STRING,
  Locality: LOCALITY,
  Check: SERVICE_CHECK,
  Checks: listOf(SERVICE_CHECK, "structs.CheckTypes"),
  Proxy: PROXY,
} as const;

/** A sidecar can't have one itself; it is only checked whether it names one. */
const SIDECAR = anonymous(
  structOf(SERVICE_GO, {
    ...SERVICE_FIELDS_TODAY,
    Connect: structOf("structs.ServiceConnect", { Native: BOOL, SidecarService: ANY, sidecar_service: ANY }),
  }),
);

/** How a service takes part in the mesh. */
const CONNECT = lax(
  structOf("structs.ServiceConnect", { Native: BOOL, SidecarService: SIDECAR, sidecar_service: SIDECAR }),
);
const SIDECAR_1_8 = anonymous(
  structOf(SERVICE_GO, {
    ...SERVICE_FIELDS,
    Check: SERVICE_CHECK_1_8,
    Checks: listOf(SERVICE_CHECK_1_8, "structs.CheckTypes"),
    Proxy: PROXY,
    Connect: structOf("structs.ServiceConnect", { Native: BOOL, SidecarService: ANY, sidecar_service: ANY }),
  }),
);
const CONNECT_1_8 = lax(structOf("structs.ServiceConnect", { Native: BOOL, SidecarService: SIDECAR_1_8 }));

/** A service as an agent registers it (Consul 1.22, "Register Service"). */
export const SERVICE = anonymous(structOf(SERVICE_GO, { ...SERVICE_FIELDS_TODAY, Connect: CONNECT }));

/** A service in a definition. */
export type ServiceFields = Decoded<typeof SERVICE>;
/** A sidecar in a definition. */
export type SidecarFields = Decoded<typeof SIDECAR>;

/** The same in Consul 1.8. */
export const SERVICE_1_8 = anonymous(
  structOf(SERVICE_GO, {
    ...SERVICE_FIELDS,
    Check: SERVICE_CHECK_1_8,
    Checks: listOf(SERVICE_CHECK_1_8, "structs.CheckTypes"),
    Proxy: PROXY,
    Connect: CONNECT_1_8,
  }),
);

/** Members of a service in a registration, at the catalog or within a transaction (Consul 1.8, "Register Entity"). */
export const REGISTERED_SERVICE = {
  Kind: STRING,
  ID: STRING,
  Service: STRING,
  Tags: STRINGS,
  Address: STRING,
  TaggedAddresses: SERVICE_ADDRESSES,
  Meta: TEXTS,
  Port: INT,
  Weights: WEIGHTS,
  EnableTagOverride: BOOL,
  Connect: CONNECT_1_8,
} as const;

/** The same today. */
export const REGISTERED_SERVICE_TODAY = {
  ...REGISTERED_SERVICE,
  Ports: PORTS,
  SocketPath: STRING,
  Locality: LOCALITY,
  Proxy: PROXY,
  Connect: CONNECT,
  PeerName: STRING,
} as const;

/** @throws JsonError for a definition whose durations can't be read */
function checkDefinition(value: unknown): void {
  if (!isObject(value)) return;
  for (const name of ["Interval", "Timeout", "DeregisterCriticalServiceAfter", "TTL"]) {
    const given = value[name];
    if (typeof given === "string" && given !== "" && durationNs(given) === undefined)
      throw new JsonError(invalidDuration(given));
  }
}

const DEFINITION = { kind: "any", check: checkDefinition } as const;

/** Members of a check in a registration, at the catalog or within a transaction. */
export const REGISTERED_CHECK = {
  Node: STRING,
  CheckID: STRING,
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Output: STRING,
  ServiceID: STRING,
  ServiceName: STRING,
  ServiceTags: STRINGS,
  Type: STRING,
  Definition: DEFINITION,
} as const;
