import type { Slip } from "./slip.ts";

/** Slips of the data services. */
export const DATASERVICES_SLIPS: readonly Slip[] = [
  {
    id: "dataservices-replica-writes",
    breaks: "a replica accepts no writes",
    file: "simulators/dataservices/behaviour/sessions.ts",
    from: 'if (instance.role === "replica") throw new DataServiceError("DS_READ_ONLY");',
    to: "",
    tests: ["simulators/dataservices/dataservices"],
  },
  {
    id: "dataservices-elects-unseen",
    breaks: "no node is promoted while a voter is unreachable",
    file: "simulators/dataservices/cluster/election.ts",
    from: "candidates.includes(undefined)",
    to: "false",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-elects-laggard",
    breaks: "the furthest voter is promoted",
    file: "simulators/dataservices/cluster/election.ts",
    from: "b.position - a.position",
    to: "a.position - b.position",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-elects-behind-leader",
    breaks: "no node is promoted that is behind the leader's position when it was elected",
    file: "simulators/dataservices/cluster/election.ts",
    from: "if (chosen.position < cluster.electedAt) return undefined;",
    to: "",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-voter-leaves-early",
    breaks: "a voter leaves only once another has everything that was acknowledged",
    file: "simulators/dataservices/cluster/voters.ts",
    from: "sight.position >= position",
    to: "true",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-old-primary-rejoins",
    breaks: "an old primary becomes a copy of the new one before it serves",
    file: "simulators/dataservices/cluster/supervisor.ts",
    from: 'if (phase === "fenced")',
    to: "if (false)",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-copy-ordered-is-copy-made",
    breaks: "a node whose copy could not be made still has its old data, which may have left the common history",
    file: "simulators/dataservices/cluster/supervisor.ts",
    from: "{ phase, missed: 0, isCopying: true }",
    to: '{ phase: "rejoining", missed: 0 }',
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-tls-leftover",
    breaks: "unencrypted bytes behind a request for TLS are not taken for encrypted ones",
    file: "simulators/dataservices/live/postgresql/encryption.ts",
    from: "if (client.readableLength > 0) return end(client);",
    to: "",
    tests: ["simulators/dataservices/live/postgresql/encryption"],
  },
];
