/** Fault points of routes that the broker calls, with patterns: a rule on one of them is an accident of the network or of the service. */
export const BROKER_ROUTES = [
  "bosh:POST /deployments",
  "bosh:GET /tasks/:id",
  "bosh:DELETE /deployments/:d*",
  "bosh:GET /deployments*",
  "bosh:GET /tasks",
  "keystone:POST /v3/auth/tokens",
  "neutron:POST /v2.0/security-groups",
  "neutron:POST /v2.0/security-group-rules",
  "neutron:DELETE /v2.0/security-group*",
  "neutron:PUT /v2.0/ports*",
  "swift:PUT *",
  "swift:GET *",
  "consul:PUT *",
  "dataservice-agent:*",
] as const;

/** Fault points of calls of the CPI. */
export const CPI_CALLS = ["cpi:create_vm", "cpi:create_disk", "cpi:attach_disk", "cpi:delete_vm"] as const;
