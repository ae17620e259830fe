/**
 * The real clients that were observed to use a route (docs/discoveries/bosh-director.md, "Routes" and "What
 * each client needs"): the `bosh` CLI, the on-demand-service-broker, the service-fabrik-broker, the health
 * monitor. A route that is not listed is used by the CLI only.
 */
const SEEN: Readonly<Record<string, string>> = {
  "GET /info": "bosh odb fabrik hm",
  "GET /deployments": "bosh odb fabrik hm",
  "GET /deployments/:deployment": "bosh odb fabrik",
  "POST /deployments": "bosh odb fabrik",
  "DELETE /deployments/:deployment": "bosh odb fabrik",
  "POST /deployments/:deployment/diff": "bosh fabrik",
  "GET /deployments/:deployment/vms": "bosh odb fabrik",
  "GET /deployments/:deployment/instances": "bosh fabrik hm",
  "GET /deployments/:deployment/errands": "bosh fabrik",
  "POST /deployments/:deployment/errands/:errand/runs": "bosh odb fabrik",
  "PUT /deployments/:deployment/jobs/:group": "bosh odb fabrik",
  "POST /deployments/:deployment/ssh": "bosh fabrik",
  "GET /deployments/:deployment/variables": "bosh odb",
  "PUT /deployments/:deployment/scan_and_fix": "hm",
  "GET /tasks": "bosh odb fabrik hm",
  "GET /tasks/:id": "bosh odb fabrik",
  "GET /tasks/:id/output": "bosh odb fabrik",
  "GET /configs": "bosh odb hm",
  "POST /configs": "bosh odb",
  "DELETE /configs": "bosh odb",
  "GET /events": "bosh odb",
  "POST /events": "hm",
  "GET /resurrection": "bosh hm",
  "PUT /disks/:cid/attachments": "bosh fabrik",
  "GET /link_providers": "odb",
  "GET /link_consumers": "",
  "GET /links": "",
  "POST /links": "odb",
  "DELETE /links/:id": "odb",
  "GET /link_address": "odb",
  "GET /jobs": "",
  "GET /dynamic_disks": "",
  "POST /dynamic_disks": "",
  "POST /dynamic_disks/provide": "",
  "POST /dynamic_disks/:name/attach": "",
  "POST /dynamic_disks/:name/detach": "",
  "DELETE /dynamic_disks/:name": "",
  "GET /deployed_variables/:name": "",
  "GET /deployments/:deployment/jobs/:group/:id": "",
};

/** The real clients observed to use a route. */
export const clientsOf = (method: string, path: string): readonly string[] =>
  (SEEN[`${method} ${path}`] ?? "bosh").split(" ").filter((name) => name !== "");
