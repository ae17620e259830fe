import { anonymous, BOOL, type DecodedStruct, DURATION, INT, mapOf, STRING, STRINGS, structOf } from "./json/shape.ts";

/** Members of a check wherever it occurs (Consul 1.8, "Register Check"). */
const CHECK_FIELDS_1_8 = {
  Name: STRING,
  Status: STRING,
  Notes: STRING,
  Args: STRINGS,
  ScriptArgs: STRINGS,
  script_args: STRINGS,
  HTTP: STRING,
  Header: mapOf(STRINGS),
  Method: STRING,
  Body: STRING,
  TCP: STRING,
  Interval: DURATION,
  AliasNode: STRING,
  AliasService: STRING,
  DockerContainerID: STRING,
  docker_container_id: STRING,
  Shell: STRING,
  GRPC: STRING,
  GRPCUseTLS: BOOL,
  TLSSkipVerify: BOOL,
  tls_skip_verify: BOOL,
  Timeout: DURATION,
  TTL: DURATION,
  SuccessBeforePassing: INT,
  FailuresBeforeCritical: INT,
  DeregisterCriticalServiceAfter: DURATION,
  deregister_critical_service_after: DURATION,
  OutputMaxSize: INT,
} as const;

/** The same today (Consul 1.22, "Register Check"). */
const CHECK_FIELDS = {
  ...CHECK_FIELDS_1_8,
  UDP: STRING,
  H2PING: STRING,
  H2PingUseTLS: BOOL,
  h2ping_use_tls: BOOL,
  OSService: STRING,
  TCPUseTLS: BOOL,
  tcp_use_tls: BOOL,
  grpc_use_tls: BOOL,
  TLSServerName: STRING,
  tls_server_name: STRING,
  DisableRedirects: BOOL,
  FailuresBeforeWarning: INT,
} as const;

/** A check in a definition, wherever it occurs. */
export type CheckFields = DecodedStruct<typeof CHECK_FIELDS>;

/** A check within a service. Its service is the one around it, whatever it says. */
export const SERVICE_CHECK = anonymous(
  structOf("structs.CheckType", {
    ...CHECK_FIELDS,
    CheckID: STRING,
    ProxyHTTP: STRING,
    ProxyGRPC: STRING,
    ServiceID: STRING,
    service_id: STRING,
  }),
);
/** A check within a service in 1.8. */
export const SERVICE_CHECK_1_8 = anonymous(structOf("structs.CheckType", { ...CHECK_FIELDS_1_8, CheckID: STRING }));

const NODE_CHECK_FIELDS = { ID: STRING, ServiceID: STRING, service_id: STRING, Token: STRING } as const;
/** How Go prints the type into which it decodes a check: its members that have another spelling. */
const CHECK_GO = `struct { ${[
  "Interval interface {}",
  "Timeout interface {}",
  "TTL interface {}",
  "DeregisterCriticalServiceAfter interface {}",
  ...[
    ["Args []string", "args"],
    ["ScriptArgsSnake []string", "script_args"],
    ["DeregisterCriticalServiceAfterSnake interface {}", "deregister_critical_service_after"],
    ["DockerContainerIDSnake string", "docker_container_id"],
    ["TLSServerNameSnake string", "tls_server_name"],
    ["TLSSkipVerifySnake bool", "tls_skip_verify"],
    ["TCPUseTLSSnake bool", "tcp_use_tls"],
    ["GRPCUseTLSSnake bool", "grpc_use_tls"],
    ["ServiceIDSnake string", "service_id"],
    ["H2PingUseTLSSnake bool", "h2ping_use_tls"],
    ["DisableRedirectsSnake bool", "disable_redirects"],
  ].map(([member, name]) => `${member} "json:\\"${name}\\""`),
  "*structs.Alias",
].join("; ")} }`;

/** A check by itself: its id is `ID`, `CheckID` is unknown. */
export const NODE_CHECK = anonymous(structOf(CHECK_GO, { ...CHECK_FIELDS, ...NODE_CHECK_FIELDS }));
/** The same in Consul 1.8. */
export const NODE_CHECK_1_8 = anonymous(
  structOf("structs.CheckDefinition", { ...CHECK_FIELDS_1_8, ...NODE_CHECK_FIELDS }),
);

/** A report on a TTL check. */
export const CHECK_UPDATE = structOf("agent.checkUpdate", { Status: STRING, Output: STRING });
