import { ANY, BOOL, DURATION, INT, type Shape, STRING, STRINGS, type Struct, TEXTS } from "../wire/json/decode.ts";

const HEADERS: Shape = { kind: "map", of: STRINGS };

/** Fields of a check wherever it stands (Consul 1.8, "Register Check"). */
const PROBE: Readonly<Record<string, Shape>> = {
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Args: STRINGS,
  ScriptArgs: STRINGS,
  HTTP: STRING,
  Header: HEADERS,
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
};

const ANONYMOUS = (fields: Readonly<Record<string, Shape>>, go: string): Struct => ({
  kind: "struct",
  name: "",
  go,
  fields,
});

/** A check within a service. */
const SERVICE_CHECK = ANONYMOUS({ ...PROBE, CheckID: STRING }, "structs.CheckType");

/** A check by itself: its id is `ID`, `CheckID` is unknown. */
export const NODE_CHECK = ANONYMOUS(
  { ...PROBE, ID: STRING, ServiceID: STRING, Token: STRING },
  "structs.CheckDefinition",
);

const SERVICE_ADDRESS: Struct = {
  kind: "struct",
  name: "ServiceAddress",
  go: "structs.ServiceAddress",
  fields: { Address: STRING, Port: INT },
};
export const SERVICE_ADDRESSES: Shape = { kind: "map", of: SERVICE_ADDRESS };

export const WEIGHTS: Struct = {
  kind: "struct",
  name: "Weights",
  go: "structs.Weights",
  fields: { Passing: INT, Warning: INT },
};

export const CONNECT: Struct = {
  kind: "struct",
  name: "ServiceConnect",
  go: "structs.ServiceConnect",
  fields: { Native: BOOL, SidecarService: ANY },
};

export const SERVICE = ANONYMOUS(
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
    Checks: { kind: "list", of: SERVICE_CHECK, go: "structs.CheckTypes" },
    Weights: WEIGHTS,
    Token: STRING,
    EnableTagOverride: BOOL,
    enable_tag_override: BOOL,
    Proxy: ANY,
    Connect: CONNECT,
  },
  'struct { EnableTagOverrideSnake bool "json:\\"enable_tag_override\\""; TaggedAddressesSnake map[string]structs.ServiceAddress "json:\\"tagged_addresses\\""; *structs.Alias }',
);

export const CHECK_UPDATE: Struct = {
  kind: "struct",
  name: "checkUpdate",
  go: "agent.checkUpdate",
  fields: { Status: STRING, Output: STRING },
};
