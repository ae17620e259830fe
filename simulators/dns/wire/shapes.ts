import {
  ANY,
  anonymous,
  BOOL,
  type Decoded,
  type DecodedStruct,
  DURATION,
  INT,
  listOf,
  mapOf,
  STRING,
  STRINGS,
  structOf,
  TEXTS,
} from "./json/shape.ts";

/** Members of a check wherever it stands (Consul 1.8, "Register Check"). */
const CHECK_FIELDS = {
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Args: STRINGS,
  ScriptArgs: STRINGS,
  HTTP: STRING,
  Header: mapOf(STRINGS),
  Method: STRING,
  Body: STRING,
  TCP: STRING,
  Interval: DURATION,
  AliasNode: STRING,
  AliasService: STRING,
  DockerContainerID: STRING,
  Shell: STRING,
  GRPC: STRING,
  GRPCUseTLS: BOOL,
  TLSSkipVerify: BOOL,
  Timeout: DURATION,
  TTL: DURATION,
  SuccessBeforePassing: INT,
  FailuresBeforeCritical: INT,
  DeregisterCriticalServiceAfter: DURATION,
  OutputMaxSize: INT,
} as const;

/** What a definition says of a check, wherever it stands. */
export type CheckFields = DecodedStruct<typeof CHECK_FIELDS>;

/** A check within a service. */
const SERVICE_CHECK = anonymous(structOf("structs.CheckType", { ...CHECK_FIELDS, CheckID: STRING }));

/** A check by itself: its id is `ID`, `CheckID` is unknown. */
export const NODE_CHECK = anonymous(
  structOf("structs.CheckDefinition", { ...CHECK_FIELDS, ID: STRING, ServiceID: STRING, Token: STRING }),
);

/** Addresses of a service by tag. */
const SERVICE_ADDRESSES = mapOf(structOf("structs.ServiceAddress", { Address: STRING, Port: INT }));

/** Weights of a service in SRV records. */
const WEIGHTS = structOf("structs.Weights", { Passing: INT, Warning: INT });

/** How a service takes part in the mesh. */
const CONNECT = structOf("structs.ServiceConnect", { Native: BOOL, SidecarService: ANY });

/** A service as an agent registers it (Consul 1.8, "Register Service"). */
export const SERVICE = anonymous(
  structOf(
    'struct { EnableTagOverrideSnake bool "json:\\"enable_tag_override\\""; TaggedAddressesSnake map[string]structs.ServiceAddress "json:\\"tagged_addresses\\""; *structs.Alias }',
    {
      Kind: STRING,
      ID: STRING,
      Name: STRING,
      Tags: STRINGS,
      Address: STRING,
      TaggedAddresses: SERVICE_ADDRESSES,
      tagged_addresses: SERVICE_ADDRESSES,
      Meta: TEXTS,
      Port: INT,
      Check: SERVICE_CHECK,
      Checks: listOf(SERVICE_CHECK, "structs.CheckTypes"),
      Weights: WEIGHTS,
      Token: STRING,
      EnableTagOverride: BOOL,
      enable_tag_override: BOOL,
      Proxy: ANY,
      Connect: CONNECT,
    },
  ),
);

/** What a definition says of a service. */
export type ServiceFields = Decoded<typeof SERVICE>;

/** A report on a TTL check. */
export const CHECK_UPDATE = structOf("agent.checkUpdate", { Status: STRING, Output: STRING });

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
  Connect: CONNECT,
} as const;

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
  Definition: ANY,
} as const;
