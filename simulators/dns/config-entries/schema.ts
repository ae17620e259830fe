/** The type of a member of a config entry. */
export type EntryType =
  | "text"
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "duration"
  | "any"
  | { readonly list: EntryType }
  | { readonly map: EntryType }
  | { readonly struct: EntryFields }
  /** Left out where it is not given; shown, though it may be nothing, where it is. */
  | { readonly pointer: EntryType };

/** A member: its type, and whether it is shown where it is nothing. */
export interface EntryField {
  readonly type: EntryType;
  readonly isKept?: boolean;
  /** Another name under which it may be given. */
  readonly alias?: string;
}
/** Members in the order in which they are shown. */
export type EntryFields = Readonly<Record<string, EntryField>>;

const field = (type: EntryType): EntryField => ({ type });
const keep = (type: EntryType): EntryField => ({ type, isKept: true });
const pointer = (type: EntryType): EntryField => ({ type: { pointer: type } });
const struct = (struct: EntryFields): EntryType => ({ struct });
const list = (of: EntryType): EntryType => ({ list: of });

const TEXT = field("text");
const BOOL = field("bool");
const INT = field("int");
const UINT = field("uint");
const DURATION = field("duration");
const META = field({ map: "text" });
const TEXTS = field(list("text"));

const MESH_GATEWAY = field(struct({ Mode: TEXT }));
const TRANSPARENT_PROXY = field(struct({ OutboundListenerPort: INT, DialedDirectly: BOOL }));
const EXPOSE = field(
  struct({
    Checks: BOOL,
    Paths: field(
      list(struct({ ListenerPort: INT, Path: TEXT, LocalPathPort: INT, Protocol: TEXT, ParsedFromCheck: BOOL })),
    ),
  }),
);
const EXTENSIONS = field(
  list(
    struct({
      Name: keep("text"),
      Required: keep("bool"),
      Arguments: keep({ map: "any" }),
      ConsulVersion: keep("text"),
      EnvoyVersion: keep("text"),
    }),
  ),
);
const PASSIVE_HEALTH_CHECK = struct({
  Interval: DURATION,
  MaxFailures: UINT,
  EnforcingConsecutive5xx: pointer("uint"),
  MaxEjectionPercent: pointer("uint"),
  BaseEjectionTime: pointer("duration"),
});
const UPSTREAM = struct({
  Name: TEXT,
  Peer: keep("text"),
  EnvoyListenerJSON: TEXT,
  EnvoyClusterJSON: TEXT,
  Protocol: TEXT,
  ConnectTimeoutMs: INT,
  Limits: pointer(
    struct({
      MaxConnections: pointer("int"),
      MaxPendingRequests: pointer("int"),
      MaxConcurrentRequests: pointer("int"),
    }),
  ),
  PassiveHealthCheck: pointer(PASSIVE_HEALTH_CHECK),
  MeshGateway: MESH_GATEWAY,
  BalanceOutboundConnections: TEXT,
});

const SERVICE_DEFAULTS: EntryFields = {
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

const PROXY_DEFAULTS: EntryFields = {
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

const HEADERS = pointer(struct({ Add: META, Set: META, Remove: TEXTS }));

const SERVICE_ROUTER: EntryFields = {
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

const SERVICE_SPLITTER: EntryFields = {
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

const SERVICE_RESOLVER: EntryFields = {
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
            CookieConfig: pointer(struct({ Session: BOOL, TTL: DURATION, Path: TEXT })),
            SourceIP: BOOL,
            Terminal: BOOL,
          }),
        ),
      ),
    }),
  ),
  Meta: META,
};

const SDS = pointer(struct({ ClusterName: TEXT, CertResource: TEXT }));
const GATEWAY_TLS = struct({
  Enabled: keep("bool"),
  SDS,
  TLSMinVersion: TEXT,
  TLSMaxVersion: TEXT,
  CipherSuites: TEXTS,
});

const INGRESS_GATEWAY: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  TLS: keep(GATEWAY_TLS),
  Listeners: keep(
    list(
      struct({
        Port: keep("int"),
        Protocol: keep("text"),
        TLS: pointer(GATEWAY_TLS),
        Services: keep(
          list(
            struct({
              Name: keep("text"),
              Hosts: keep(list("text")),
              TLS: pointer(struct({ SDS })),
              RequestHeaders: HEADERS,
              ResponseHeaders: HEADERS,
              MaxConnections: UINT,
              MaxPendingRequests: UINT,
              MaxConcurrentRequests: UINT,
              PassiveHealthCheck: pointer(PASSIVE_HEALTH_CHECK),
              Meta: META,
            }),
          ),
        ),
      }),
    ),
  ),
  Defaults: pointer(
    struct({
      MaxConnections: keep("uint"),
      MaxPendingRequests: keep("uint"),
      MaxConcurrentRequests: keep("uint"),
      PassiveHealthCheck: pointer(PASSIVE_HEALTH_CHECK),
    }),
  ),
  Meta: META,
};

const TERMINATING_GATEWAY: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Services: keep(
    list(struct({ Name: TEXT, CAFile: TEXT, CertFile: TEXT, KeyFile: TEXT, SNI: TEXT, DisableAutoHostRewrite: BOOL })),
  ),
  Meta: META,
};

const JWT = pointer(
  struct({
    Providers: field(list(struct({ Name: TEXT, VerifyClaims: field(list(struct({ Path: TEXTS, Value: TEXT }))) }))),
  }),
);

const SERVICE_INTENTIONS: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Sources: keep(
    list(
      struct({
        Name: keep("text"),
        Action: TEXT,
        Permissions: field(
          list(
            struct({
              Action: keep("text"),
              HTTP: pointer(
                struct({
                  PathExact: TEXT,
                  PathPrefix: TEXT,
                  PathRegex: TEXT,
                  Header: field(
                    list(
                      struct({
                        Name: keep("text"),
                        Present: BOOL,
                        Exact: TEXT,
                        Prefix: TEXT,
                        Suffix: TEXT,
                        Contains: TEXT,
                        Regex: TEXT,
                        Invert: BOOL,
                        IgnoreCase: BOOL,
                      }),
                    ),
                  ),
                  Methods: TEXTS,
                }),
              ),
              JWT,
            }),
          ),
        ),
        Precedence: keep("int"),
        LegacyID: TEXT,
        Type: keep("text"),
        Description: TEXT,
        LegacyMeta: META,
        LegacyCreateTime: TEXT,
        LegacyUpdateTime: TEXT,
        Peer: TEXT,
        SamenessGroup: TEXT,
      }),
    ),
  ),
  JWT,
  Meta: META,
};

const DIRECTIONAL_TLS = pointer(struct({ TLSMinVersion: TEXT, TLSMaxVersion: TEXT, CipherSuites: TEXTS }));

const MESH: EntryFields = {
  Kind: keep("text"),
  TransparentProxy: keep(struct({ MeshDestinationsOnly: keep("bool") })),
  AllowEnablingPermissiveMutualTLS: BOOL,
  ValidateClusters: BOOL,
  TLS: pointer(struct({ Incoming: DIRECTIONAL_TLS, Outgoing: DIRECTIONAL_TLS })),
  HTTP: pointer(
    struct({
      SanitizeXForwardedClientCert: keep("bool"),
      Incoming: pointer(
        struct({
          RequestNormalization: pointer(
            struct({
              InsecureDisablePathNormalization: keep("bool"),
              MergeSlashes: keep("bool"),
              PathWithEscapedSlashesAction: keep("text"),
              HeadersWithUnderscoresAction: keep("text"),
            }),
          ),
        }),
      ),
    }),
  ),
  Peering: pointer(struct({ PeerThroughMeshGateways: keep("bool") })),
  Meta: META,
};

const EXPORTED_SERVICES: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Services: field(
    list(
      struct({
        Name: keep("text"),
        Namespace: TEXT,
        Consumers: field(
          list(struct({ Partition: TEXT, Peer: { type: "text", alias: "peer_name" }, SamenessGroup: TEXT })),
        ),
      }),
    ),
  ),
  Meta: META,
};

/** Whatever a kind of gateway or route says: such entries are kept and shown, and mean nothing here. */
const UNREAD: EntryFields = { Kind: keep("text"), Name: keep("text"), Meta: META };

/** The members of each kind of config entry. */
export const ENTRY_KINDS: Readonly<Record<string, EntryFields>> = {
  "service-defaults": SERVICE_DEFAULTS,
  "proxy-defaults": PROXY_DEFAULTS,
  "service-router": SERVICE_ROUTER,
  "service-splitter": SERVICE_SPLITTER,
  "service-resolver": SERVICE_RESOLVER,
  "ingress-gateway": INGRESS_GATEWAY,
  "terminating-gateway": TERMINATING_GATEWAY,
  "service-intentions": SERVICE_INTENTIONS,
  mesh: MESH,
  "exported-services": EXPORTED_SERVICES,
  "sameness-group": UNREAD,
  "api-gateway": UNREAD,
  "bound-api-gateway": UNREAD,
  "http-route": UNREAD,
  "tcp-route": UNREAD,
  "file-system-certificate": UNREAD,
  "inline-certificate": UNREAD,
  "jwt-provider": UNREAD,
};

/** Whether all members of a kind are known. */
export const isRead = (kind: string): boolean => ENTRY_KINDS[kind] !== UNREAD;
