/** A policy as stored. */
export interface PolicyRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly rules: string;
  readonly hash: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** A token as stored. */
export interface TokenRow {
  readonly accessor: string;
  readonly secret: string;
  readonly description: string;
  /** Ids of policies. */
  readonly policies: readonly string[];
  readonly local: boolean;
  readonly createdMs: number;
  readonly hash: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

/** The token of requests that carry none. */
export const ANONYMOUS = {
  accessor: "00000000-0000-0000-0000-000000000002",
  secret: "anonymous",
  description: "Anonymous Token",
  policies: [],
  local: false,
} as const;

/** The policy that grants everything; it can't be deleted. */
export const MANAGEMENT = {
  id: "00000000-0000-0000-0000-000000000001",
  name: "global-management",
  description: "Builtin Policy that grants unlimited access",
  rules: `acl = "write" agent_prefix "" { policy = "write" } event_prefix "" { policy = "write" } key_prefix "" { policy = "write" }
keyring = "write" node_prefix "" { policy = "write" } operator = "write" query_prefix "" { policy = "write" }
service_prefix "" { policy = "write" } session_prefix "" { policy = "write" }`,
} as const;
