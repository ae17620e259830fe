import { API_GATEWAY, CERTIFICATE, HTTP_ROUTE, JWT_PROVIDER, TCP_ROUTE } from "./schema-routes.ts";
import {
  type EntryFields,
  field,
  keep,
  pointer,
  struct,
  list,
  TEXT,
  BOOL,
  UINT,
  META,
  TEXTS,
  PASSIVE_HEALTH_CHECK,
  HEADERS,
} from "./schema-parts.ts";
import {
  SERVICE_DEFAULTS,
  PROXY_DEFAULTS,
  SERVICE_ROUTER,
  SERVICE_SPLITTER,
  SERVICE_RESOLVER,
} from "./schema-services.ts";

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

/** The contents of kinds that users do not write in the open edition. */
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
  "api-gateway": API_GATEWAY,
  "bound-api-gateway": UNREAD,
  "http-route": HTTP_ROUTE,
  "tcp-route": TCP_ROUTE,
  "file-system-certificate": CERTIFICATE,
  "inline-certificate": CERTIFICATE,
  "jwt-provider": JWT_PROVIDER,
};

/** Whether all members of a kind are known. */
export const isRead = (kind: string): boolean => ENTRY_KINDS[kind] !== UNREAD;
