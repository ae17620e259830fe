import { BOOL, type EntryFields, field, INT, keep, list, META, pointer, struct, TEXT, TEXTS } from "./schema-parts.ts";

/*
 * The members of today's gateways, routes, certificates and providers of tokens. They are kept, checked and shown; no traffic flows.
 */

const REFERENCE = struct({ Kind: keep("text"), Name: keep("text"), SectionName: keep("text") });
const HEADERS = struct({ Add: keep({ map: "text" }), Remove: keep(list("text")), Set: keep({ map: "text" }) });
/** What a rule or a service of a route does with requests. Unset parts are shown as null. */
const FILTERS = struct({
  Headers: keep(list(HEADERS)),
  URLRewrite: keep("any"),
  RetryFilter: keep("any"),
  TimeoutFilter: keep("any"),
  JWT: keep("any"),
});
const RESPONSE_FILTERS = struct({ Headers: keep(list(HEADERS)) });
const MATCH_OF = struct({ Match: keep("text"), Name: keep("text"), Value: keep("text") });

/** An API gateway. */
export const API_GATEWAY: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Listeners: keep(
    list(
      struct({
        Name: keep("text"),
        Hostname: keep("text"),
        Port: keep("int"),
        Protocol: keep("text"),
        TLS: keep(
          struct({
            Certificates: keep(list(REFERENCE)),
            MaxVersion: keep("text"),
            MinVersion: keep("text"),
            CipherSuites: keep(list("text")),
          }),
        ),
        Override: field("any"),
        Default: field("any"),
        MaxRequestHeadersKB: field("uint"),
      }),
    ),
  ),
  Status: keep("any"),
  Meta: META,
};

/** A route of requests over HTTP. */
export const HTTP_ROUTE: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Parents: keep(list(REFERENCE)),
  Rules: keep(
    list(
      struct({
        Filters: keep(FILTERS),
        ResponseFilters: keep(RESPONSE_FILTERS),
        Matches: keep(
          list(
            struct({
              Headers: keep(list(MATCH_OF)),
              Method: keep("text"),
              Path: keep(struct({ Match: keep("text"), Value: keep("text") })),
              Query: keep(list(MATCH_OF)),
            }),
          ),
        ),
        Services: keep(
          list(
            struct({
              Name: keep("text"),
              Weight: keep("int"),
              Filters: keep(FILTERS),
              ResponseFilters: keep(RESPONSE_FILTERS),
            }),
          ),
        ),
      }),
    ),
  ),
  Hostnames: keep(list("text")),
  Status: keep("any"),
  Meta: META,
};

/** A route of connections. */
export const TCP_ROUTE: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Parents: keep(list(REFERENCE)),
  Services: keep(list(struct({ Name: keep("text") }))),
  Status: keep("any"),
  Meta: META,
};

/** A certificate with its key, in the entry itself or in files of the gateways. */
export const CERTIFICATE: EntryFields = {
  Kind: keep("text"),
  Name: keep("text"),
  Certificate: keep("text"),
  PrivateKey: keep("text"),
  Meta: META,
};

/** Who issues the tokens that intentions ask for. */
export const JWT_PROVIDER: EntryFields = {
  Kind: TEXT,
  Name: TEXT,
  JSONWebKeySet: pointer(
    struct({
      Local: pointer(struct({ JWKS: TEXT, Filename: TEXT })),
      Remote: pointer(
        struct({
          URI: TEXT,
          RequestTimeoutMs: INT,
          CacheDuration: field("nanoseconds"),
          FetchAsynchronously: BOOL,
          UseSNI: { type: "bool", alias: "use_sni" },
          RetryPolicy: pointer(
            struct({
              NumRetries: INT,
              RetryPolicyBackOff: pointer(
                struct({ BaseInterval: field("nanoseconds"), MaxInterval: field("nanoseconds") }),
              ),
            }),
          ),
          JWKSCluster: {
            type: {
              pointer: struct({
                DiscoveryType: TEXT,
                TLSCertificates: { type: { pointer: "any" }, alias: "tls_certificates" },
                ConnectTimeout: field("nanoseconds"),
              }),
            },
            alias: "jwks_cluster",
          },
        }),
      ),
    }),
  ),
  Issuer: TEXT,
  Audiences: TEXTS,
  Locations: field(
    list(
      struct({
        Header: pointer(struct({ Name: TEXT, ValuePrefix: TEXT, Forward: BOOL })),
        QueryParam: pointer(struct({ Name: TEXT })),
        Cookie: pointer(struct({ Name: TEXT })),
      }),
    ),
  ),
  Forwarding: pointer(struct({ HeaderName: TEXT, PadForwardPayloadHeader: keep("bool") })),
  ClockSkewSeconds: INT,
  CacheConfig: pointer(struct({ Size: INT })),
  Meta: META,
};
