import Type from "typebox";
import { FreeMapping, HttpUrl, MappingOf, oneOf, Section, Text } from "./vocabulary.ts";

/** The states of backups and restores. A vendor's own word that is in no list means "in progress". */
const BACKUP_STATES = ["queued", "running", "succeeded", "failed", "deleted"] as const;
/** Known backup interfaces, by name; see `DRIVERS` in the backup suite. */
const BACKUP_DRIVER_NAMES = ["extension", "a9s", "a9s-v1", "swisscom"] as const;
/** The driver that a section `backup` starts from when it names none. */
export const DEFAULT_BACKUP_DRIVER = "a9s";

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

/** What a backup, or a restore, can be. */
export type BackupState = (typeof BACKUP_STATES)[number];
/** The name of an interface of backups. */
export type BackupDriverName = (typeof BACKUP_DRIVER_NAMES)[number];
