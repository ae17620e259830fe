import { isIP } from "node:net";
import Type, { type Static } from "typebox";
import type { JsonObject } from "../client/http/json.ts";

/**
 * The schema of `drydock.yml`: what is accepted, what TypeScript knows of it, what its documentation says and what an editor
 * completes all come from here. Beside the words of JSON Schema it uses three of its own:
 *
 * - `expected`: what a value must be, in words that follow "must be"; error messages and the documentation say it.
 * - `fallback`: in words, what holds where the key is left out and no `default` says it.
 * - `keyName`: what a key of a free mapping stands for, in the documentation.
 */

/** What backups and restores can be. A vendor's own word that is in no list is a state that goes on. */
export const BACKUP_STATES = ["queued", "running", "succeeded", "failed", "deleted"] as const;
/** Interfaces of backups that are known by name; see `DRIVERS` of the backup suite. */
export const BACKUP_DRIVER_NAMES = ["extension", "a9s", "a9s-v1", "swisscom"] as const;
/** The driver that a section `backup` begins with when it names none. */
export const DEFAULT_BACKUP_DRIVER = "a9s";
/** Stands for the address of the instance itself, where an address of another tenant's VM is asked for. */
const OWN_ADDRESS = "instance";

interface Words {
  readonly description: string;
  readonly expected?: string;
  readonly fallback?: string;
  readonly examples?: readonly unknown[];
  readonly deprecated?: true;
}

const oneOf = (words: readonly string[]): string => `one of ${words.join(", ")}`;

const Text = (words: Words) => Type.Optional(Type.String({ minLength: 1, expected: "a text", ...words }));

/** A text of a form that no keyword of JSON Schema says exactly. */
const Checked = (isRight: (text: string) => boolean, words: Words) =>
  Type.Optional(Type.Refine(Type.String({ minLength: 1, ...words }), isRight));

const Section = <P extends Type.TProperties>(properties: P, words: Words) =>
  Type.Optional(Type.Object(properties, { additionalProperties: false, expected: "a mapping", ...words }));

const FreeMapping = (words: Words) =>
  Type.Optional(Type.Unsafe<JsonObject>({ type: "object", expected: "a mapping", ...words }));

const MappingOf = <S extends Type.TSchema>(keyName: string, value: S, words: Words) =>
  Type.Optional(Type.Record(Type.String(), value, { keyName, expected: "a mapping", ...words }));

const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? "");
const isAddress = (text: string): boolean => isIP(text) !== 0;

function isServer(text: string): boolean {
  const [, host = "", port = "53"] = /^\[?([\da-f.:]+?)\]?(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return isAddress(host) && Number(port) <= 65_535;
}

const HttpUrl = (words: Words) => Checked(isHttpUrl, { expected: "an http or https URL", ...words });
const LocalAddress = (description: string, examples: readonly string[], more: Partial<Words> = {}) =>
  Checked(isAddress, { description, expected: "an IP address of this machine", examples, ...more });

const PlanParameters = Type.Object(
  {
    provision: FreeMapping({
      description: "Parameters of requests that create an instance of the plan.",
      examples: [{ region: "eu" }],
    }),
    update: FreeMapping({
      description: "Parameters of requests that change an instance of the plan.",
      examples: [{ region: "us" }],
    }),
    bind: FreeMapping({ description: "Parameters of requests that create a binding.", examples: [{ role: "reader" }] }),
  },
  { additionalProperties: false, expected: "a mapping", description: "Parameters by kind of request." },
);

const Hook = (description: string, example: string) =>
  Type.Optional(
    Type.Union(
      [
        Type.Object(
          { command: Type.String({ minLength: 1, expected: "a command line" }) },
          { additionalProperties: false },
        ),
        Type.Object(
          {
            url: Type.Refine(Type.String({ minLength: 1, expected: "an http or https URL" }), isHttpUrl),
          },
          { additionalProperties: false },
        ),
      ],
      {
        description,
        expected: "a mapping with either a command or a url",
        examples: [{ url: `http://127.0.0.1:9000/${example}` }, { command: `./${example}.sh` }],
      },
    ),
  );

const REQUEST_LINE = "^[A-Z]+ /";
const BackupRequest = (description: string, example: string) =>
  Type.Optional(
    Type.Union(
      [
        Type.String({ pattern: REQUEST_LINE }),
        Type.Object(
          {
            method: Type.String({ pattern: "^[A-Z]+$", expected: "a method, such as POST" }),
            path: Type.String({ pattern: "^/", expected: "a path that begins with /" }),
            body: FreeMapping({ description: "Sent as JSON." }),
          },
          { additionalProperties: false },
        ),
      ],
      {
        description,
        fallback: "as the driver has it",
        expected: 'a method and a path, such as "POST /instances/{instance}/backups"',
        examples: [example],
      },
    ),
  );

const Backup = Section(
  {
    driver: Type.Optional(
      Type.Enum([...BACKUP_DRIVER_NAMES], {
        description: "The interface to begin with; the keys beside it say what differs.",
        expected: oneOf(BACKUP_DRIVER_NAMES),
        default: DEFAULT_BACKUP_DRIVER,
        examples: ["extension"],
      }),
    ),
    url: HttpUrl({
      description: "Where backups are asked for. At another origin the broker's credentials are not sent.",
      fallback: "the broker's URL",
      examples: ["https://backups.example.com"],
    }),
    headers: MappingOf("NAME", Type.String({ minLength: 1, expected: "a text" }), {
      description: "Headers sent with each request about backups.",
      examples: [{ Authorization: "Basic …" }],
    }),
    list: BackupRequest("Lists the backups of an instance.", "GET /instances/{instance}/backups"),
    create: BackupRequest("Takes a backup.", "POST /instances/{instance}/backups"),
    get: BackupRequest("Asks for one backup.", "GET /instances/{instance}/backups/{backup}"),
    delete: BackupRequest("Removes a backup.", "DELETE /instances/{instance}/backups/{backup}"),
    restore: BackupRequest("Restores a backup.", "POST /instances/{instance}/backups/{backup}/restore"),
    getRestore: BackupRequest("Asks how a restore goes on.", "GET /instances/{instance}/restores/{restore}"),
    id: Text({
      description: "The member of an answer that carries an id.",
      fallback: "as the driver has it",
      examples: ["backup_id"],
    }),
    state: Text({
      description: "The member of an answer that carries a state.",
      fallback: "as the driver has it",
      examples: ["status"],
    }),
    states: MappingOf("WORD", Type.Enum([...BACKUP_STATES], { expected: oneOf(BACKUP_STATES) }), {
      description: "The vendor's words for states, in addition to the usual ones; upper and lower case are alike.",
      examples: [{ fertig: "succeeded" }],
    }),
  },
  {
    description:
      "Which interface the vendor's backups have. Without this section the known ones are tried. `{instance}`, `{backup}` and `{restore}` in paths and bodies stand for ids.",
  },
);

const CredentialMap = Type.Object(
  {
    client: Type.Optional(
      Type.Literal("postgresql", {
        description: "The client that speaks to the service, whatever its credentials look like.",
        expected: "postgresql",
        examples: ["postgresql"],
      }),
    ),
    uri: Text({ description: "Path of the whole login as a URI.", examples: ["uri"] }),
    host: Text({ description: "Path of the host name.", examples: ["hosts.0"] }),
    port: Text({ description: "Path of the port.", examples: ["port"] }),
    username: Text({ description: "Path of the user name.", examples: ["user"] }),
    password: Text({ description: "Path of the password.", examples: ["secrets.password"] }),
    database: Text({ description: "Path of the database's name.", examples: ["db_name"] }),
    ca: Text({
      description: "Path of the PEM of the authority that signed the server's certificate.",
      examples: ["ca"],
    }),
  },
  { additionalProperties: false, expected: "a mapping", description: "Paths into the credentials of a service." },
);

const Data = Section(
  {
    dns: Checked(isServer, {
      description:
        "DNS server that resolves the host names of bindings; the system's resolver answers what it does not know.",
      fallback: "the system's resolver",
      expected: "an address of a DNS server, such as 127.0.0.1:8600",
      examples: ["127.0.0.1:8600"],
    }),
    source: LocalAddress("Local address of an application, which bindings admit.", ["10.0.0.5"], {
      fallback: "what the system chooses",
    }),
    outsider: LocalAddress("Local address that no binding admits.", ["10.0.0.6"], {
      fallback: "none: nobody tries from there",
    }),
    stranger: LocalAddress("The former name of `outsider`.", ["10.0.0.6"], { deprecated: true }),
    tenant: Checked((text) => text === OWN_ADDRESS || isAddress(text), {
      description: "Local address of another tenant's VM; `instance` where this machine has those of all VMs.",
      fallback: "none: nobody tries from there",
      expected: "an IP address of this machine, or instance",
      examples: ["10.0.1.7", OWN_ADDRESS],
    }),
    ports: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
        description: "Ports of an instance's VM that the platform keeps for itself, as those of its agents.",
        expected: "a list of port numbers, from 1 to 65535",
        examples: [[3100]],
      }),
    ),
    credentials: MappingOf("SERVICE", CredentialMap, {
      description:
        "Where a login lies in the credentials of a service, by its name or id (`*` stands for any): paths such as `hosts.0`.",
      fallback: "the usual names",
      examples: [{ "my-db": { host: "hosts.0", database: "db_name" } }],
    }),
  },
  { description: "How the data services behind the broker are reached." },
);

export const DRYDOCK_SCHEMA = Type.Object(
  {
    parameters: MappingOf(
      "SERVICE",
      Type.Record(Type.String(), PlanParameters, {
        keyName: "PLAN",
        expected: "a mapping",
        description: "By plan name or id; `*` stands for any.",
      }),
      { description: "Parameters that the broker needs, by service name or id; `*` stands for any." },
    ),
    context: FreeMapping({
      description: "Merged into the context of requests.",
      examples: [{ platform: "kubernetes", namespace: "ci" }],
    }),
    headers: MappingOf(
      "NAME",
      Type.Union([Type.String(), Type.Number(), Type.Boolean()], { expected: "a text, a number, true or false" }),
      { description: "Headers sent with each request to the broker.", examples: [{ "X-Tenant": "conformance" }] },
    ),
    hooks: Section(
      {
        hold: Hook("Keeps operations in progress until `release`.", "hold"),
        release: Hook("Lets operations that were held go on.", "release"),
        fail: Hook("Makes the next operations fail until `heal`.", "fail"),
        heal: Hook("Ends what `fail` began.", "heal"),
      },
      {
        description:
          "Make the backend slow or broken on purpose: a command line, or a URL that is POSTed to. Each may take 30 s. Without them, checks of what is in flight run where the broker is slow enough by itself.",
      },
    ),
    backup: Backup,
    data: Data,
  },
  { additionalProperties: false, expected: "a mapping" },
);

/** What somebody wrote into a drydock.yml. */
export type DrydockInput = Static<typeof DRYDOCK_SCHEMA>;
/** Parameters that a broker needs for a plan, by kind of request. */
export type PlanParameters = Static<typeof PlanParameters>;
/** The section `backup` as it was written. */
export type BackupSettings = NonNullable<DrydockInput["backup"]>;
/** A line such as `GET /path`, or its parts. */
export type RequestSetting = NonNullable<BackupSettings["create"]>;
/** What a backup, or a restore, can be. */
export type BackupState = (typeof BACKUP_STATES)[number];
export type BackupDriverName = (typeof BACKUP_DRIVER_NAMES)[number];
/** A command line or a URL (POST) that makes the vendor's backend do something on purpose. */
export type Hook = NonNullable<NonNullable<DrydockInput["hooks"]>["hold"]>;
