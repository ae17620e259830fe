/*
 * The objects of Octavia and their attributes (octavia-lib and octavia, `api/v2/types` and `common/constants.py`, API v2.26).
 */

/** The type of a value. */
export type Check =
  | { readonly type: "text"; readonly max?: number; readonly pattern?: RegExp }
  | { readonly type: "integer"; readonly min: number; readonly max: number }
  | { readonly type: "boolean" | "uuid" | "ip" | "texts" | "cidrs" | "object" | "vips" }
  | { readonly type: "choice"; readonly values: readonly string[] }
  | { readonly type: "number"; readonly values: readonly number[] };

/** One attribute of an object. */
export interface OctaviaAttribute {
  readonly check: Check;
  readonly isRequired?: true;
  /** Whether it can't be changed. Default false. */
  readonly isFixed?: true;
  readonly isNullable?: true;
  /** Its value if it is left out. Default null. */
  readonly fallback?: unknown;
}

/** The attributes of an object, by name. */
type OctaviaAttributes = Readonly<Record<string, OctaviaAttribute>>;

const NAME: OctaviaAttribute = { check: { type: "text", max: 255 }, fallback: "", isNullable: true };
const FLAG: OctaviaAttribute = { check: { type: "boolean" }, fallback: true };
const TAGS: OctaviaAttribute = { check: { type: "texts" }, fallback: [] };
const UUID: OctaviaAttribute = { check: { type: "uuid" }, isNullable: true };
const REF: OctaviaAttribute = { check: { type: "text", max: 255 }, isNullable: true };
const COMMON: OctaviaAttributes = { name: NAME, description: NAME, admin_state_up: FLAG, tags: TAGS };
const { description: _none, ...UNDESCRIBED } = COMMON;

const whole = (min: number, max: number, fallback?: number): OctaviaAttribute => ({
  check: { type: "integer", min, max },
  ...(fallback !== undefined && { fallback }),
});
const choice = (values: readonly string[], more: Partial<OctaviaAttribute> = {}): OctaviaAttribute => ({
  check: { type: "choice", values },
  ...more,
});

const TIMEOUT_MS_MAX = 365 * 24 * 3_600_000;
const timeout = (fallback: number): OctaviaAttribute => ({ ...whole(0, TIMEOUT_MS_MAX, fallback), isNullable: true });
const PORT = { min: 1, max: 65_535 } as const;
const REQUIRED_PORT: OctaviaAttribute = { check: { type: "integer", ...PORT }, isRequired: true, isFixed: true };

const LISTENER_PROTOCOLS = ["HTTP", "HTTPS", "TCP", "TERMINATED_HTTPS", "PROXY", "UDP", "SCTP", "PROMETHEUS"];
const POOL_PROTOCOLS = ["HTTP", "HTTPS", "TCP", "PROXY", "PROXYV2", "UDP", "SCTP"];
const ALGORITHMS = ["ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT"];
const MONITORS = ["HTTP", "HTTPS", "PING", "TCP", "TLS-HELLO", "UDP-CONNECT", "SCTP"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"];
const ACTIONS = ["REDIRECT_TO_URL", "REJECT", "REDIRECT_TO_POOL", "REDIRECT_PREFIX"];
const RULES = [
  "HOST_NAME",
  "PATH",
  "FILE_TYPE",
  "HEADER",
  "COOKIE",
  "SSL_CONN_HAS_CERT",
  "SSL_VERIFY_RESULT",
  "SSL_DN_FIELD",
];
const COMPARISONS = ["REGEX", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "EQUAL_TO"];

const LOAD_BALANCER: OctaviaAttributes = {
  ...COMMON,
  vip_address: { check: { type: "ip" }, isFixed: true },
  vip_subnet_id: { ...UUID, isFixed: true },
  vip_network_id: { ...UUID, isFixed: true },
  vip_port_id: { ...UUID, isFixed: true },
  vip_qos_policy_id: UUID,
  additional_vips: { check: { type: "vips" }, isFixed: true, fallback: [] },
  provider: { ...choice(["amphora", "octavia"]), isFixed: true, fallback: "amphora" },
  flavor_id: { ...UUID, isFixed: true },
  availability_zone: { check: { type: "text", max: 255 }, isFixed: true, isNullable: true },
};

const LISTENER: OctaviaAttributes = {
  ...COMMON,
  loadbalancer_id: { check: { type: "uuid" }, isRequired: true, isFixed: true },
  protocol: choice(LISTENER_PROTOCOLS, { isRequired: true, isFixed: true }),
  protocol_port: REQUIRED_PORT,
  connection_limit: { ...whole(-1, 2_147_483_647, -1), isNullable: true },
  default_pool_id: UUID,
  default_tls_container_ref: REF,
  sni_container_refs: TAGS,
  insert_headers: { check: { type: "object" }, fallback: {}, isNullable: true },
  timeout_client_data: timeout(50_000),
  timeout_member_connect: timeout(5000),
  timeout_member_data: timeout(50_000),
  timeout_tcp_inspect: timeout(0),
  client_ca_tls_container_ref: REF,
  client_authentication: choice(["NONE", "OPTIONAL", "MANDATORY"], { fallback: "NONE", isNullable: true }),
  client_crl_container_ref: REF,
  allowed_cidrs: { check: { type: "cidrs" }, isNullable: true },
  tls_ciphers: { check: { type: "text", max: 2048 }, isNullable: true },
  tls_versions: TAGS,
  alpn_protocols: TAGS,
};

const POOL: OctaviaAttributes = {
  ...COMMON,
  loadbalancer_id: { ...UUID, isFixed: true },
  listener_id: { ...UUID, isFixed: true },
  protocol: choice(POOL_PROTOCOLS, { isRequired: true, isFixed: true }),
  lb_algorithm: choice(ALGORITHMS, { isRequired: true }),
  session_persistence: { check: { type: "object" }, isNullable: true },
  tls_container_ref: REF,
  ca_tls_container_ref: REF,
  crl_container_ref: REF,
  tls_enabled: { check: { type: "boolean" }, fallback: false },
  tls_ciphers: { check: { type: "text", max: 2048 }, isNullable: true },
  tls_versions: TAGS,
  alpn_protocols: TAGS,
};

const MEMBER: OctaviaAttributes = {
  ...UNDESCRIBED,
  address: { check: { type: "ip" }, isRequired: true, isFixed: true },
  protocol_port: REQUIRED_PORT,
  weight: whole(0, 256, 1),
  backup: { check: { type: "boolean" }, fallback: false },
  subnet_id: { ...UUID, isFixed: true },
  monitor_address: { check: { type: "ip" }, isNullable: true },
  monitor_port: { check: { type: "integer", ...PORT }, isNullable: true },
};

const HEALTH_MONITOR: OctaviaAttributes = {
  ...UNDESCRIBED,
  pool_id: { check: { type: "uuid" }, isRequired: true, isFixed: true },
  type: choice(MONITORS, { isRequired: true, isFixed: true }),
  delay: { ...whole(0, 2_147_483_647), isRequired: true },
  timeout: { ...whole(0, 2_147_483_647), isRequired: true },
  max_retries: { ...whole(1, 10), isRequired: true },
  max_retries_down: whole(1, 10, 3),
  http_method: choice(METHODS, { isNullable: true }),
  url_path: { check: { type: "text", max: 255, pattern: /^\// }, isNullable: true },
  expected_codes: { check: { type: "text", pattern: /^\d{3}([,-]\s*\d{3})*$/ }, isNullable: true },
  http_version: { check: { type: "number", values: [1, 1.1] }, isNullable: true },
  domain_name: { check: { type: "text", max: 255 }, isNullable: true },
};

const L7_POLICY: OctaviaAttributes = {
  ...COMMON,
  listener_id: { check: { type: "uuid" }, isRequired: true, isFixed: true },
  action: choice(ACTIONS, { isRequired: true }),
  redirect_pool_id: UUID,
  redirect_url: { check: { type: "text", max: 255 }, isNullable: true },
  redirect_prefix: { check: { type: "text", max: 255 }, isNullable: true },
  redirect_http_code: { ...whole(301, 308), isNullable: true },
  position: whole(1, 2_147_483_647, 2_147_483_647),
};

const { name: _name, ...UNNAMED } = UNDESCRIBED;
const L7_RULE: OctaviaAttributes = {
  ...UNNAMED,
  type: choice(RULES, { isRequired: true }),
  compare_type: choice(COMPARISONS, { isRequired: true }),
  key: { check: { type: "text", max: 255 }, isNullable: true },
  value: { check: { type: "text", max: 255 }, isRequired: true },
  invert: { check: { type: "boolean" }, fallback: false },
};

/** The words that the API uses for a kind of object. */
interface Kind {
  readonly collection: string;
  /** Its name in messages. */
  readonly title: string;
  readonly attributes: OctaviaAttributes;
  /** The name of its quota, which is unlimited by default. */
  readonly quota: string;
}

/** Every kind of object, by the member of bodies. */
export const KINDS = {
  loadbalancer: {
    collection: "loadbalancers",
    title: "Load Balancer",
    attributes: LOAD_BALANCER,
    quota: "load_balancer",
  },
  listener: { collection: "listeners", title: "Listener", attributes: LISTENER, quota: "listener" },
  pool: { collection: "pools", title: "Pool", attributes: POOL, quota: "pool" },
  member: { collection: "members", title: "Member", attributes: MEMBER, quota: "member" },
  healthmonitor: {
    collection: "healthmonitors",
    title: "Health Monitor",
    attributes: HEALTH_MONITOR,
    quota: "health_monitor",
  },
  l7policy: { collection: "l7policies", title: "L7Policy", attributes: L7_POLICY, quota: "l7policy" },
  rule: { collection: "rules", title: "L7Rule", attributes: L7_RULE, quota: "l7rule" },
} as const satisfies Readonly<Record<string, Kind>>;

/** The name of a kind: the member of bodies. */
export type KindName = keyof typeof KINDS;
