import { type Attempt, firstCells, judgeAttempts, requireEngine } from "../engine-attempts.ts";
import { isolationCheck } from "../plan.ts";

/** Requests with the binding's login. Rows are the names in an answer if it has any, otherwise the answer itself. */
const ATTEMPTS: readonly Attempt[] = [
  {
    what: "indexes of others",
    command: "GET /_cat/indices?h=index",
    gains: (rows) => firstCells(rows).some((name) => name !== "" && !name.startsWith("drydock_")),
  },
  {
    what: "the engine's own indexes, which hold its users",
    command: "GET /.opendistro_security,.security,.security-7/_search",
    gains: (rows) => rows.length > 0,
  },
  {
    what: "a repository of snapshots on the host",
    command: 'PUT /_snapshot/drydock {"type":"fs","settings":{"location":"/tmp/drydock"}}',
    after: "DELETE /_snapshot/drydock",
    betrayal: /path\.repo|repository_verification|doesn't match any of the locations/i,
  },
  {
    what: "a repository of snapshots in a bucket of somebody else's",
    command: 'PUT /_snapshot/drydock {"type":"s3","settings":{"bucket":"drydock-of-nobody"}}',
    after: "DELETE /_snapshot/drydock",
    betrayal: /repository_verification|bucket/i,
  },
  { what: "the repositories of the platform", command: "GET /_snapshot/_all", gains: (rows) => rows.length > 0 },
  { what: "the nodes with their paths", command: "GET /_nodes", gains: (rows) => rows.length > 0 },
  { what: "settings of the cluster", command: "GET /_cluster/settings", gains: (rows) => rows.length > 0 },
  {
    what: "a setting of the cluster",
    command: 'PUT /_cluster/settings {"transient":{"cluster.routing.allocation.enable":"all"}}',
    after: 'PUT /_cluster/settings {"transient":{"cluster.routing.allocation.enable":null}}',
  },
  { what: "the users of the cluster", command: "GET /_security/user", gains: (rows) => rows.length > 0 },
  {
    what: "the users of the cluster",
    command: "GET /_plugins/_security/api/internalusers",
    gains: (rows) => rows.length > 0,
  },
  {
    what: "an index copied from a host that it names",
    command:
      'POST /_reindex {"source":{"remote":{"host":"http://169.254.169.254:80"},"index":"drydock"},"dest":{"index":"drydock_copy"}}',
    betrayal: /connect|timed? ?out|refused/i,
  },
];

/** IS-41: search, a tenant sees its own indexes. */
export const searchCheck = isolationCheck("IS-41", {
  requirement:
    "A tenant of a search engine sees its own indexes alone, names no repository of snapshots, and learns and changes nothing of nodes, cluster and users.",
  run: async (context) => judgeAttempts(context, await requireEngine(context, "search"), ATTEMPTS, "GET /"),
});
