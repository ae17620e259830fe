/** The fields of a type by which it can be filtered, lists of structures included. */
export type FilterType =
  | "string"
  | "int"
  | "bool"
  | "strings"
  | "map"
  | { readonly list: Readonly<Record<string, FilterType>> }
  | { readonly struct: Readonly<Record<string, FilterType>> }
  /** Any key, each with this structure. */
  | { readonly keyed: Readonly<Record<string, FilterType>> };

type Fields = Readonly<Record<string, FilterType>>;

const WEIGHTS: Fields = { Passing: "int", Warning: "int" };
const ADDRESS: Fields = { Address: "string", Port: "int" };
const CONNECT: Fields = { Native: "bool" };
const PROXY: Fields = {
  DestinationServiceID: "string",
  DestinationServiceName: "string",
  LocalServiceAddress: "string",
  LocalServicePort: "int",
  MeshGateway: { struct: { Mode: "string" } },
  Mode: "string",
};

/** The fields by which nodes can be filtered (Consul 1.8, "Filtering" of each endpoint). */
export const NODE: Fields = {
  ID: "string",
  Node: "string",
  Address: "string",
  Datacenter: "string",
  TaggedAddresses: "map",
  Meta: "map",
};

/** The fields by which services of a node or an agent can be filtered. */
export const SERVICE: Fields = {
  Kind: "string",
  ID: "string",
  Service: "string",
  Tags: "strings",
  Address: "string",
  TaggedAddresses: { keyed: ADDRESS },
  Meta: "map",
  Port: "int",
  Weights: { struct: WEIGHTS },
  EnableTagOverride: "bool",
  Proxy: { struct: PROXY },
  Connect: { struct: CONNECT },
};

/** The fields by which instances in the catalog can be filtered. */
export const CATALOG_SERVICE: Fields = {
  ID: "string",
  Node: "string",
  Address: "string",
  Datacenter: "string",
  TaggedAddresses: "map",
  NodeMeta: "map",
  ServiceKind: "string",
  ServiceID: "string",
  ServiceName: "string",
  ServiceTags: "strings",
  ServiceAddress: "string",
  ServiceTaggedAddresses: { keyed: ADDRESS },
  ServiceMeta: "map",
  ServicePort: "int",
  ServiceWeights: { struct: WEIGHTS },
  ServiceEnableTagOverride: "bool",
  ServiceProxy: { struct: PROXY },
  ServiceConnect: { struct: CONNECT },
};

/** The fields by which checks can be filtered. */
export const CHECK: Fields = {
  Node: "string",
  CheckID: "string",
  Name: "string",
  Status: "string",
  Notes: "string",
  Output: "string",
  ServiceID: "string",
  ServiceName: "string",
  ServiceTags: "strings",
  Type: "string",
};

/** The fields by which instances with their health can be filtered. */
export const INSTANCE: Fields = {
  Node: { struct: NODE },
  Service: { struct: SERVICE },
  Checks: { list: CHECK },
};
