import {
  type EntryFields,
  field,
  keep,
  pointer,
  struct,
  list,
  TEXT,
  BOOL,
  INT,
  UINT,
  DURATION,
  META,
  TEXTS,
  MESH_GATEWAY,
  TRANSPARENT_PROXY,
  EXPOSE,
  EXTENSIONS,
  UPSTREAM,
  HEADERS,
} from "./schema-parts.ts";

/** Members of `service-defaults`. */
export const SERVICE_DEFAULTS: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Protocol: keep("text"),
  Mode: TEXT,
  TransparentProxy: TRANSPARENT_PROXY,
  MutualTLSMode: TEXT,
  MeshGateway: MESH_GATEWAY,
  Expose: EXPOSE,
  ExternalSNI: TEXT,
  UpstreamConfig: pointer(struct({ Overrides: field(list(UPSTREAM)), Defaults: pointer(UPSTREAM) })),
  Destination: pointer(struct({ Addresses: TEXTS, Port: INT })),
  MaxInboundConnections: INT,
  LocalConnectTimeoutMs: INT,
  LocalRequestTimeoutMs: INT,
  BalanceInboundConnections: TEXT,
  RateLimits: pointer(
    struct({
      InstanceLevel: keep(
        struct({
          RequestsPerSecond: keep("int"),
          RequestsMaxBurst: keep("int"),
          Routes: keep(
            list(
              struct({
                PathExact: keep("text"),
                PathPrefix: keep("text"),
                PathRegex: keep("text"),
                RequestsPerSecond: keep("int"),
                RequestsMaxBurst: keep("int"),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
  EnvoyExtensions: EXTENSIONS,
  Meta: META,
  MaxRequestHeadersKB: pointer("uint"),
};

const FAILOVER_POLICY = pointer(struct({ Mode: TEXT, Regions: TEXTS }));
const BY_LOCALITY = pointer(struct({ Mode: TEXT }));

/** Members of `proxy-defaults`. */
export const PROXY_DEFAULTS: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Config: keep({ map: "any" }),
  Mode: TEXT,
  TransparentProxy: TRANSPARENT_PROXY,
  MutualTLSMode: TEXT,
  MeshGateway: MESH_GATEWAY,
  Expose: EXPOSE,
  AccessLogs: field(
    struct({ Enabled: BOOL, DisableListenerLogs: BOOL, Type: TEXT, Path: TEXT, JSONFormat: TEXT, TextFormat: TEXT }),
  ),
  EnvoyExtensions: EXTENSIONS,
  FailoverPolicy: FAILOVER_POLICY,
  PrioritizeByLocality: BY_LOCALITY,
  Meta: META,
};

/** Members of `service-router`. */
export const SERVICE_ROUTER: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Routes: keep(
    list(
      struct({
        Match: pointer(
          struct({
            HTTP: pointer(
              struct({
                PathExact: TEXT,
                PathPrefix: TEXT,
                PathRegex: TEXT,
                CaseInsensitive: BOOL,
                Header: field(
                  list(
                    struct({
                      Name: keep("text"),
                      Present: BOOL,
                      Exact: TEXT,
                      Prefix: TEXT,
                      Suffix: TEXT,
                      Regex: TEXT,
                      Invert: BOOL,
                    }),
                  ),
                ),
                QueryParam: field(list(struct({ Name: keep("text"), Present: BOOL, Exact: TEXT, Regex: TEXT }))),
                Methods: TEXTS,
              }),
            ),
          }),
        ),
        Destination: pointer(
          struct({
            Service: TEXT,
            ServiceSubset: TEXT,
            Namespace: TEXT,
            Partition: TEXT,
            PrefixRewrite: TEXT,
            RequestTimeout: DURATION,
            IdleTimeout: DURATION,
            NumRetries: UINT,
            RetryOnConnectFailure: BOOL,
            RetryOn: TEXTS,
            RetryOnStatusCodes: field(list("uint")),
            RequestHeaders: HEADERS,
            ResponseHeaders: HEADERS,
          }),
        ),
      }),
    ),
  ),
  Meta: META,
};

/** Members of `service-splitter`. */
export const SERVICE_SPLITTER: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Splits: keep(
    list(
      struct({
        Weight: keep("float"),
        Service: TEXT,
        ServiceSubset: TEXT,
        Namespace: TEXT,
        Partition: TEXT,
        RequestHeaders: HEADERS,
        ResponseHeaders: HEADERS,
      }),
    ),
  ),
  Meta: META,
};

/** Members of `service-resolver`. */
export const SERVICE_RESOLVER: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  DefaultSubset: TEXT,
  Subsets: field({ map: struct({ Filter: TEXT, OnlyPassing: BOOL }) }),
  Redirect: pointer(
    struct({
      Service: TEXT,
      ServiceSubset: TEXT,
      Namespace: TEXT,
      Partition: TEXT,
      Datacenter: TEXT,
      Peer: TEXT,
      SamenessGroup: TEXT,
    }),
  ),
  Failover: field({
    map: struct({
      Service: TEXT,
      ServiceSubset: TEXT,
      Namespace: TEXT,
      Datacenters: TEXTS,
      Targets: field(
        list(
          struct({
            Service: TEXT,
            ServiceSubset: TEXT,
            Partition: TEXT,
            Namespace: TEXT,
            Datacenter: TEXT,
            Peer: TEXT,
          }),
        ),
      ),
      Policy: FAILOVER_POLICY,
      SamenessGroup: TEXT,
    }),
  }),
  PrioritizeByLocality: BY_LOCALITY,
  ConnectTimeout: DURATION,
  RequestTimeout: DURATION,
  LoadBalancer: pointer(
    struct({
      Policy: TEXT,
      RingHashConfig: pointer(struct({ MinimumRingSize: UINT, MaximumRingSize: UINT })),
      LeastRequestConfig: pointer(struct({ ChoiceCount: UINT })),
      HashPolicies: field(
        list(
          struct({
            Field: TEXT,
            FieldValue: TEXT,
            CookieConfig: pointer(struct({ Session: BOOL, TTL: field("nanoseconds"), Path: TEXT })),
            SourceIP: BOOL,
            Terminal: BOOL,
          }),
        ),
      ),
    }),
  ),
  Meta: META,
};
