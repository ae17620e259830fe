/** The type of a member of a config entry. */
export type EntryType =
  | "text"
  | "bool"
  | "int"
  | "uint"
  | "float"
  | "duration"
  /** A duration that is shown as a count of ns. */
  | "nanoseconds"
  | "any"
  | { readonly list: EntryType }
  | { readonly map: EntryType }
  | { readonly struct: EntryFields }
  /** Left out if it is not given; if given, shown even if empty. */
  | { readonly pointer: EntryType };

/** A member: its type, and whether it is shown if empty. */
export interface EntryField {
  readonly type: EntryType;
  readonly isKept?: boolean;
  /** Another name under which it may be given. */
  readonly alias?: string;
}
/** Members in the order in which they are shown. */
export type EntryFields = Readonly<Record<string, EntryField>>;

/** A member that is left out if empty. */
export const field = (type: EntryType): EntryField => ({ type });
/** A member that is always shown. */
export const keep = (type: EntryType): EntryField => ({ type, isKept: true });
/** A member that is shown if it was given. */
export const pointer = (type: EntryType): EntryField => ({ type: { pointer: type } });
/** A type with members. */
export const struct = (struct: EntryFields): EntryType => ({ struct });
/** A list of a type. */
export const list = (of: EntryType): EntryType => ({ list: of });

/** A text. */
export const TEXT = field("text");
/** Yes or no. */
export const BOOL = field("bool");
/** A whole number. */
export const INT = field("int");
/** A whole number from 0. */
export const UINT = field("uint");
/** A duration. */
export const DURATION = field("duration");
/** Texts by name. */
export const META = field({ map: "text" });
/** A list of texts. */
export const TEXTS = field(list("text"));

/** How a service leaves its datacenter. */
export const MESH_GATEWAY = field(struct({ Mode: TEXT }));
/** How a proxy captures traffic. */
export const TRANSPARENT_PROXY = field(struct({ OutboundListenerPort: INT, DialedDirectly: BOOL }));
/** Paths that a proxy lets through. */
export const EXPOSE = field(
  struct({
    Checks: BOOL,
    Paths: field(
      list(struct({ ListenerPort: INT, Path: TEXT, LocalPathPort: INT, Protocol: TEXT, ParsedFromCheck: BOOL })),
    ),
  }),
);
/** Extensions of a proxy. */
export const EXTENSIONS = field(
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
/** How a proxy notices failing instances. */
export const PASSIVE_HEALTH_CHECK = struct({
  Interval: DURATION,
  MaxFailures: UINT,
  EnforcingConsecutive5xx: pointer("uint"),
  MaxEjectionPercent: pointer("uint"),
  BaseEjectionTime: pointer("duration"),
});
/** A service that another one calls. */
export const UPSTREAM = struct({
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

/** Changes to headers. */
export const HEADERS = pointer(struct({ Add: META, Set: META, Remove: TEXTS }));
