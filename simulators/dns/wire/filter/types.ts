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
const MESH_GATEWAY: Fields = { Mode: "string" };
const EXPOSE: Fields = {
  Checks: "bool",
  Paths: {
    list: {
      ListenerPort: "int",
      Path: "string",
      LocalPathPort: "int",
      Protocol: "string",
      ParsedFromCheck: "bool",
    },
  },
};
const UPSTREAM_1_8: Fields = {
  DestinationType: "string",
  DestinationNamespace: "string",
  DestinationName: "string",
  Datacenter: "string",
  LocalBindAddress: "string",
  LocalBindPort: "int",
  MeshGateway: { struct: MESH_GATEWAY },
};
const PROXY_1_8: Fields = {
  DestinationServiceID: "string",
  DestinationServiceName: "string",
  LocalServiceAddress: "string",
  LocalServicePort: "int",
  Upstreams: { list: UPSTREAM_1_8 },
  MeshGateway: { struct: MESH_GATEWAY },
  Expose: { struct: EXPOSE },
};
const PROXY: Fields = {
  ...PROXY_1_8,
  EnvoyExtensions: {
    list: { Name: "string", Required: "bool", ConsulVersion: "string", EnvoyVersion: "string" },
  },
  LocalServiceSocketPath: "string",
  Mode: "string",
  Upstreams: {
    list: {
      ...UPSTREAM_1_8,
      DestinationPartition: "string",
      DestinationPeer: "string",
      LocalBindSocketPath: "string",
      LocalBindSocketMode: "string",
    },
  },
  TransparentProxy: { struct: { OutboundListenerPort: "int", DialedDirectly: "bool" } },
  AccessLogs: {
    struct: {
      Enabled: "bool",
      DisableListenerLogs: "bool",
      Type: "string",
      Path: "string",
      JSONFormat: "string",
      TextFormat: "string",
    },
  },
};

const NODE_1_8: Fields = {
  ID: "string",
  Node: "string",
  Address: "string",
  Datacenter: "string",
  TaggedAddresses: "map",
  Meta: "map",
};
const SERVICE_1_8: Fields = {
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
  Proxy: { struct: PROXY_1_8 },
  Connect: { struct: CONNECT },
};
const CATALOG_SERVICE_1_8: Fields = {
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
  ServiceProxy: { struct: PROXY_1_8 },
  ServiceConnect: { struct: CONNECT },
};
const CHECK_1_8: Fields = {
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

/** What the lists of one release can be filtered by. */
interface Filterable {
  readonly node: Fields;
  /** A service of a node or an agent. */
  readonly service: Fields;
  /** An instance in the catalog. */
  readonly catalogService: Fields;
  readonly check: Fields;
  /** An instance with its health. */
  readonly instance: Fields;
  /** A node with its services and checks, as the pages read it. */
  readonly nodeInfo: Fields;
}

function filterable(node: Fields, service: Fields, catalogService: Fields, check: Fields): Filterable {
  const { Datacenter: _datacenter, ...info } = node;
  return {
    node,
    service,
    catalogService,
    check,
    instance: { Node: { struct: node }, Service: { struct: service }, Checks: { list: check } },
    nodeInfo: { ...info, Services: { list: service }, Checks: { list: check } },
  };
}

const OLDER = filterable(NODE_1_8, SERVICE_1_8, CATALOG_SERVICE_1_8, CHECK_1_8);
const TODAY = filterable(
  { ...NODE_1_8, Partition: "string", PeerName: "string" },
  { ...SERVICE_1_8, SocketPath: "string", PeerName: "string", Proxy: { struct: PROXY } },
  { ...CATALOG_SERVICE_1_8, ServiceSocketPath: "string", PeerName: "string", ServiceProxy: { struct: PROXY } },
  { ...CHECK_1_8, Interval: "string", Timeout: "string", ExposedPort: "int", PeerName: "string" },
);

/** What a release can filter by (Consul, "Filtering" of each endpoint; the tests of its structures). */
export const filterableOf = ({ isToday }: { readonly isToday: boolean }): Filterable => (isToday ? TODAY : OLDER);
