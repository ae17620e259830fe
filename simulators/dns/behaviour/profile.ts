/** The releases of Consul that can be simulated, the newest last. */
export const CONSUL_VERSIONS = ["1.8.7", "1.22.0"] as const;
/** One of these releases. */
export type ConsulVersion = (typeof CONSUL_VERSIONS)[number];

/** The differences between releases, as seen on real agents of each. */
export interface Profile {
  readonly version: ConsulVersion;
  /** Whether this is today's release; for rules without a row of their own. */
  readonly isToday: boolean;
  /** Whether agents' node metadata shows the version. */
  readonly tellsVersion: boolean;
  /** Whether an indented body ends in a newline even if the caller did not ask for indentation. */
  readonly endsInNewline: boolean;
  /** Status of a redirect to a clean path. */
  readonly redirectStatus: number;
  /** The prefix of some refusals with 400. */
  readonly badRequestPrefix: string;
  /** The prefix of errors of the replicated log, by the part that applies it. */
  readonly raftPrefix: string;
  readonly sessionPrefix: string;
  /** How many operations a transaction holds. */
  readonly transactionOperationsMax: number;
  /** How large the payload of an event may be, in bytes. */
  readonly eventBytesMax: number;
  /** The smallest body that is compressed, bytes. */
  readonly gzipBytesMin: number;
  /** How often a CNAME within the domain is followed, at most. */
  readonly chasesMax: number;
  /** Whether a question with half a class counts as one without a class. */
  readonly takesHalfClass: boolean;
  /** Whether an address that nobody has gets the domain's NXDOMAIN instead of SERVFAIL. */
  readonly deniesReverse: boolean;
  /** Whether every answer is cut to size, including its OPT, instead of only those of services. */
  readonly cutsAll: boolean;
  /** The largest size that a client is granted over UDP, bytes. */
  readonly udpBytesMax: number;
  /** Whether names in answers are under the requested domain, in its spelling. */
  readonly keepsAskedDomain: boolean;
}

const V1_8: Profile = {
  version: "1.8.7",
  isToday: false,
  tellsVersion: false,
  endsInNewline: true,
  redirectStatus: 301,
  badRequestPrefix: "Bad request: ",
  raftPrefix: "",
  sessionPrefix: "",
  transactionOperationsMax: 64,
  eventBytesMax: 512,
  gzipBytesMin: 1,
  chasesMax: 3,
  takesHalfClass: true,
  deniesReverse: false,
  cutsAll: false,
  udpBytesMax: 65_535,
  keepsAskedDomain: false,
};

const V1_22: Profile = {
  version: "1.22.0",
  isToday: true,
  tellsVersion: true,
  endsInNewline: false,
  redirectStatus: 307,
  badRequestPrefix: "",
  raftPrefix: "raft apply failed: ",
  sessionPrefix: "apply failed: ",
  transactionOperationsMax: 128,
  eventBytesMax: 300,
  gzipBytesMin: 1400,
  chasesMax: 2,
  takesHalfClass: false,
  deniesReverse: true,
  cutsAll: true,
  udpBytesMax: 65_467,
  keepsAskedDomain: true,
};

/** The releases by their version. */
export const PROFILES: Readonly<Record<ConsulVersion, Profile>> = { "1.8.7": V1_8, "1.22.0": V1_22 };
