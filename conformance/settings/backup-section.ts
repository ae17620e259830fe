import Type from "typebox";
import { BACKUP_CLAIMS, BACKUP_STATES, BACKUP_DRIVER_NAMES, DEFAULT_BACKUP_DRIVER } from "./backup-words.ts";
import { FreeMapping, HttpUrl, MappingOf, oneOf, Section } from "./vocabulary.ts";

const Names = (description: string, example: string) =>
  Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description,
      fallback: "the driver's",
      expected: "a text or a list of texts",
      examples: [example],
    }),
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
            id: Names("The members of its answer that may carry the id; the first one present does.", "backup_guid"),
            state: Names("The members of its answer that may carry the state; the first one present does.", "status"),
          },
          { additionalProperties: false },
        ),
      ],
      {
        description,
        fallback: "the driver's",
        expected: 'a method and a path, such as "POST /instances/{instance}/backups"',
        examples: [example],
      },
    ),
  );

/** The requests of an interface. A driver may lack any of them. */
const REQUESTS = {
  list: BackupRequest("Lists the backups of an instance.", "GET /instances/{instance}/backups"),
  create: BackupRequest("Takes a backup.", "POST /instances/{instance}/backups"),
  get: BackupRequest("Asks for one backup.", "GET /instances/{instance}/backups/{backup}"),
  delete: BackupRequest("Removes a backup.", "DELETE /instances/{instance}/backups/{backup}"),
  restore: BackupRequest("Restores a backup.", "POST /instances/{instance}/backups/{backup}/restore"),
  getRestore: BackupRequest("Asks for the state of a restore.", "GET /instances/{instance}/restores/{restore}"),
  task: BackupRequest(
    "Asks for the state of the task that carries out a backup or a restore; `{location}` stands for the header of the answer that began it.",
    "GET /tasks/{task}",
  ),
  restoreNew: BackupRequest(
    "Restores a backup of `{source}` into another instance, `{instance}`.",
    "POST /instances/{instance}/restores",
  ),
  window: BackupRequest("Asks for the window of moments that can be restored.", "GET /instances/{instance}/pitr"),
  restoreTo: BackupRequest("Restores to a moment, `{time}` or `{seconds}`.", "POST /instances/{instance}/restores"),
  sources: BackupRequest(
    "Lists the backups that can be restored into an instance.",
    "GET /instances/{instance}/sources",
  ),
  settings: BackupRequest("Asks for the backup settings of an instance.", "GET /instances/{instance}/config"),
  setKey: BackupRequest("Sets the key of later backups, `{key}`.", "PUT /instances/{instance}"),
  setPolicy: BackupRequest(
    "Sets how many good backups are kept, `{count}`, for how many days, `{days}`, and the schedule, `{cron}`.",
    "PUT /instances/{instance}",
  ),
  download: BackupRequest("Fetches a backup as it is stored.", "GET /instances/{instance}/backups/{backup}/download"),
};

/** The section `backup`. */
export const BackupSection = Section(
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
    claims: Type.Optional(
      Type.Array(Type.Enum([...BACKUP_CLAIMS]), {
        description:
          "What the vendor claims: B1 backups and restores in place, B2 restores into new instances, B3 points in time, B4 after a deprovision, B5 keys, retention, schedules. What is claimed must be shown; the rest is not claimed.",
        fallback: "what the catalog's extension claims, else B1",
        expected: `a list of ${BACKUP_CLAIMS.join(", ")}`,
        examples: [["B1", "B2"]],
      }),
    ),
    exec: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        description: "The program of the drivers `exec` and `bbr`, with its arguments.",
        expected: "a list of texts",
        examples: [["./backups.sh"]],
      }),
    ),
    values: MappingOf("NAME", Type.String({ minLength: 1, expected: "a text" }), {
      description: "The values of further names in braces, in paths and bodies.",
      examples: [{ tenant: "3f2c…" }],
    }),
    ...REQUESTS,
    id: Names(
      "The members of an answer that may carry an id; the first one present does, unless the request says otherwise.",
      "backup_id",
    ),
    state: Names("The members of an answer that may carry a state; the first one present does.", "status"),
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
