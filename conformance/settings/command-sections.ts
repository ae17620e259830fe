import Type from "typebox";
import { FreeMapping, HttpUrl, oneOf, Section, Text, type Words } from "./vocabulary.ts";

/*
 * Sections with the options of commands. A key is an option's long name with underscores for dashes, and its value what the option takes:
 * the command line knows the options and reads these values through them, and wins over the file.
 */

type KeyWords = Omit<Words, "expected">;

const Flag = (words: KeyWords) => Type.Optional(Type.Boolean({ expected: "true or false", ...words }));
const Count = (words: KeyWords) =>
  Type.Optional(Type.Integer({ minimum: 0, expected: "a whole number, at least 0", ...words }));
const Choice = <const C extends readonly [string, ...string[]]>(choices: C, words: KeyWords) =>
  Type.Optional(Type.Enum([...choices], { expected: oneOf(choices), ...words }));
const Texts = (words: KeyWords) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { expected: "a list of texts", ...words }));

const FreeForm = () => Type.Unsafe<object>({ type: "object", expected: "a mapping" });

const Pace = ["realistic", "fast", "instant"] as const;

/** The section `cloud`: what `drydock up` and `drydock exec` boot. */
export const CloudSection = Section(
  {
    seed: Count({
      description: "The seed of ids, addresses, faults and all passwords.",
      fallback: "a new one, and random passwords",
      examples: [7],
    }),
    pace: Choice(Pace, {
      description: "How long simulated work takes.",
      fallback: "`fast` for `up`, `instant` for `exec`",
      examples: ["realistic"],
    }),
    block: Text({
      description: "The /16 of 127.0.0.0/8 for the cloud.",
      fallback: "the first free one",
      examples: ["127.64"],
    }),
    services: Texts({
      description: "The services whose control planes are deployed: postgresql, redis, mongodb.",
      fallback: "all of them",
      examples: [["postgresql"]],
    }),
    catalog: Choice(["small", "full"], {
      description: "What the brokers offer: a plan of each kind of one version, or every plan of every version.",
      fallback: "`small`",
      examples: ["full"],
    }),
    store: Choice(["embedded", "postgres-ha"], {
      description: "Where the brokers keep their state: in memory, or in a PostgreSQL with a primary and a standby.",
      fallback: "`embedded`",
      examples: ["postgres-ha"],
    }),
    profile: Choice(["agents", "rig"], {
      description: "The OpenStack of the cloud: hosts and agents that do their work, or the bare control plane.",
      fallback: "`agents`",
      examples: ["rig"],
    }),
    director: Type.Optional(
      Type.Union([Type.String({ minLength: 1, expected: "the name of a file" }), FreeForm()], {
        description:
          "Settings of the director, or a file with them: users, authentication, config server, snapshots, workers, health monitor (simulators/bosh/README.md).",
        expected: "a mapping, or the name of a file with one",
        examples: [
          { config_server: true, users: [{ name: "ann", password: "secret", scopes: ["bosh.read"] }] },
          "director.yml",
        ],
      }),
    ),
    consul_version: Text({ description: "The release of Consul.", fallback: "the newest", examples: ["1.8.7"] }),
    node_ttl: Text({
      description: "TTL of the addresses of nodes and of aliases of primaries.",
      fallback: "`0s`",
      examples: ["5s"],
    }),
    service_ttl: Text({ description: "TTL of the addresses of services.", fallback: "`0s`", examples: ["5s"] }),
    ipv6: Flag({ description: "Whether names are answered at ::1 too.", fallback: "`false`", examples: [true] }),
    secondary: Texts({
      description: "Name servers to tell of each change of a zone in Designate, as address:port.",
      fallback: "none",
      examples: [["127.0.0.1:5300"]],
    }),
    faults: Type.Optional(
      Type.Array(FreeForm(), {
        description:
          "Rules of faults, armed once the cloud is up; `at` says after how long (docs/faults.md lists the points).",
        expected: "a list of rules",
        fallback: "none",
        examples: [[{ at: "2s", point: "bosh:*", effect: { kind: "reset" }, count: 2 }]],
      }),
    ),
  },
  {
    description:
      "The cloud of `drydock up` and `drydock exec`. A key is the option of the same name, which wins where it is given.",
  },
);

/** The section `target`: the broker of `drydock certify` and `drydock load`. */
export const TargetSection = Section(
  {
    url: HttpUrl({
      description: "Address of the broker, without /v2.",
      fallback: "the reference broker, in a cloud of its own",
      examples: ["http://127.0.0.1:8080"],
    }),
    username: Text({
      description: "User of basic authentication; the password comes from the environment variable DRYDOCK_PASSWORD.",
      examples: ["admin"],
    }),
    ca: Text({ description: "PEM file of a private CA.", examples: ["ca.pem"] }),
    service: Text({ description: "Only this service, by name or id.", fallback: "all", examples: ["my-db"] }),
    plan: Text({ description: "Only this plan, by name or id.", fallback: "all", examples: ["small"] }),
  },
  { description: "The broker that `drydock certify` and `drydock load` are about. Secrets stay in the environment." },
);

/** The section `certify`. */
export const CertifySection = Section(
  {
    suite: Text({
      description: "Suites, comma separated: osb, backup, isolation.",
      fallback: "`osb`; for the reference broker all three",
      examples: ["osb,backup"],
    }),
    profile: Text({
      description: "Version of the specification.",
      fallback: "the newest that the broker accepts",
      examples: ["osb-2.17"],
    }),
    baseline: Text({ description: "File of known failures that are accepted.", examples: ["accepted.yml"] }),
    plans: Choice(["first", "all"], {
      description: "Plans that a check tries if they can differ.",
      fallback: "`all`",
      examples: ["first"],
    }),
    jobs: Count({ description: "Checks that run side by side.", fallback: "`64`", examples: [16] }),
    max_instances: Count({
      description: "Service instances at once; checks that need more are left out.",
      fallback: "`64`",
      examples: [5],
    }),
    timeout: Count({ description: "Longest wait for one answer, s.", fallback: "60", examples: [30] }),
    max_operation: Count({
      description: "Longest wait for one asynchronous operation, s.",
      fallback: "`600`",
      examples: [600],
    }),
    max_time: Count({ description: "End the run then, min.", fallback: "no limit", examples: [60] }),
    out: Text({ description: "Folder of the reports.", fallback: "none are written", examples: ["report"] }),
    target_version: Text({ description: "The broker's version, for the certificate.", examples: ["3.2"] }),
    image: Text({
      description: "The broker's image with its digest, for the certificate.",
      examples: ["broker@sha256:…"],
    }),
  },
  { description: "Options of `drydock certify`. The command line wins over them." },
);

/** The section `load`. */
export const LoadSection = Section(
  {
    parameters: FreeMapping({ description: "Parameters of provisions and updates.", examples: [{ region: "eu" }] }),
    rate: Text({ description: "Open model: requests that are due.", fallback: "`10/s`", examples: ["50/s"] }),
    ramp_to: Text({ description: "Open model: the rate at the end.", fallback: "the same", examples: ["100/s"] }),
    spacing: Choice(["even", "poisson"], {
      description: "Open model: at equal distances, or by chance.",
      fallback: "`even`",
      examples: ["poisson"],
    }),
    users: Count({
      description: "Closed model: users who each wait for an answer.",
      fallback: "the open model",
      examples: [20],
    }),
    think: Text({ description: "Closed model: pause of a user.", fallback: "none", examples: ["100ms"] }),
    for: Text({ description: "How long.", fallback: "`30s`", examples: ["2m"] }),
    mix: Text({
      description: "What is asked for, by weight.",
      fallback: "`catalog=1,provision=1,bind=2,unbind=2,deprovision=1`",
      examples: ["provision=2,bind=5,unbind=5,deprovision=2"],
    }),
    instances: Count({ description: "Instances made beforehand.", fallback: "20, if any are needed", examples: [50] }),
    processes: Count({ description: "Generators, each a process.", fallback: "one, in the command's", examples: [2] }),
    seed: Count({ description: "The seed of what is asked for when.", fallback: "1", examples: [7] }),
    timeout: Text({ description: "After which an answer is given up.", fallback: "`60s`", examples: ["10s"] }),
    poll: Text({ description: "Pause between two polls.", fallback: "`1s`", examples: ["5s"] }),
    max_operation: Text({
      description: "After which an operation is given up.",
      fallback: "`10m`",
      examples: ["30m"],
    }),
    threshold: Texts({
      description: "Bounds that decide about the exit code.",
      fallback: "none",
      examples: [["p99<500ms", "errors<1%"]],
    }),
    out: Text({ description: "Folder of load.json and load.html.", fallback: "none are written", examples: ["load"] }),
  },
  { description: "Options of `drydock load`. The command line wins over them." },
);
