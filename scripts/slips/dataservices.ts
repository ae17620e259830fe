import type { Slip } from "./slip.ts";

/** Slips of the data services. */
export const DATASERVICES_SLIPS: readonly Slip[] = [
  {
    id: "dataservices-replica-writes",
    breaks: "a replica takes no writes",
    file: "simulators/dataservices/behaviour/sessions.ts",
    from: 'if (instance.role === "replica") throw new DataServiceError("DS_READ_ONLY");',
    to: "",
    tests: ["simulators/dataservices/dataservices"],
  },
  {
    id: "dataservices-elects-unseen",
    breaks: "nobody is promoted while a voter is out of sight",
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
    breaks: "nobody is promoted who is behind where the leader was when it was chosen",
    file: "simulators/dataservices/cluster/election.ts",
    from: "if (chosen.position < cluster.electedAt) return undefined;",
    to: "",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-voter-leaves-early",
    breaks: "a voter leaves once another has all that was acknowledged",
    file: "simulators/dataservices/cluster/voters.ts",
    from: "sight.position >= position",
    to: "true",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-old-primary-rejoins",
    breaks: "an old primary is a copy of the new one before it serves",
    file: "simulators/dataservices/cluster/supervisor.ts",
    from: 'phase === "fenced" || !sight.hasData',
    to: "!sight.hasData",
    tests: ["simulators/dataservices/cluster"],
  },
  {
    id: "dataservices-tls-leftover",
    breaks: "what came in the clear behind a request for TLS is not taken as encrypted",
    file: "simulators/dataservices/live/postgresql/encryption.ts",
    from: "if (client.readableLength > 0) return end(client);",
    to: "",
    tests: ["simulators/dataservices/live/postgresql/encryption"],
  },
];
