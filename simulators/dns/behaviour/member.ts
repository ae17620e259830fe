import { addressBytes } from "../wire/codec/address.ts";
import type { ConsulConfig } from "./config.ts";
import { SERF_HEALTH } from "../state/health.ts";
import type { Registration } from "../state/registration.ts";
import type { Probe } from "./probe.ts";
import type { Profile } from "./profile.ts";

/** Where servers listen for each other. */
export const SERVER_PORT = 8300;

/** The identity of an agent. */
export interface AgentOptions {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly isServer: boolean;
  /** A development agent: its JSON is always indented. */
  readonly isDev: boolean;
  readonly config: ConsulConfig;
  readonly profile: Profile;
  /** How its checks reach the network; undefined if none are run. */
  readonly probe: Probe | undefined;
}

/** Where a server listens for gRPC over TLS. */
const GRPC_TLS_PORT = 8503;
/** Where a development agent listens for gRPC. */
const GRPC_PORT = 8502;

/** The gRPC ports of an agent, as a member reports them; a development agent listens without TLS too. */
export const grpcPorts = ({ profile, isDev, isServer, config }: AgentOptions): Readonly<Record<string, string>> => {
  if (!profile.isToday || !isServer) return {};
  const { grpc = isDev ? GRPC_PORT : -1, grpc_tls: tls = GRPC_TLS_PORT } = config.ports ?? {};
  return { ...(grpc > 0 && { grpc_port: String(grpc) }), ...(tls > 0 && { grpc_tls_port: String(tls) }) };
};

const serverMeta = (options: AgentOptions): Readonly<Record<string, string>> => ({
  ...grpcPorts(options),
  non_voter: "false",
  raft_version: "3",
  ...(options.profile.isToday && { read_replica: "false" }),
  serf_protocol_current: "2",
  serf_protocol_max: "5",
  serf_protocol_min: "1",
  version: options.profile.version,
});

/** Metadata of an agent's node: the agent's own and what the configuration adds. */
export const nodeMeta = ({ profile, config }: AgentOptions): Readonly<Record<string, string>> => ({
  "consul-network-segment": "",
  ...versionMeta(profile),
  ...config.node_meta,
});

/** The leader's own knowledge about a new member. */
export const firstMeta = ({ profile }: AgentOptions): Registration["meta"] =>
  profile.tellsVersion ? versionMeta(profile) : null;

const versionMeta = ({ tellsVersion, version }: Profile): Readonly<Record<string, string>> =>
  tellsVersion ? { "consul-version": version } : {};

/** The node of an agent, as the agent registers it. */
export function memberNode(options: AgentOptions): Omit<Registration, "service" | "checks" | "skipNodeUpdate"> {
  const { id, name, address } = options;
  const family = addressBytes(address)?.length === 16 ? "ipv6" : "ipv4";
  return {
    id,
    node: name,
    address,
    meta: nodeMeta(options),
    taggedAddresses: { lan: address, [`lan_${family}`]: address, wan: address, [`wan_${family}`]: address },
  };
}

/** The service of a server. */
export const serverService = (options: AgentOptions): NonNullable<Registration["service"]> => ({
  node: options.name,
  id: "consul",
  name: "consul",
  address: "",
  port: SERVER_PORT,
  tags: [],
  meta: serverMeta(options),
  weights: { passing: 1, warning: 1 },
  taggedAddresses: null,
  enableTagOverride: false,
  kind: "",
  native: false,
});

/** The check by which the members tell whether a node is alive. */
export const serfCheck = (node: string, status: string, output: string): Registration["checks"][number] => ({
  node,
  id: SERF_HEALTH,
  name: "Serf Health Status",
  status,
  notes: "",
  output,
  serviceId: "",
  type: "",
});
