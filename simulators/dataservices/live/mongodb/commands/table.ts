import { AGGREGATE_COMMANDS } from "./aggregate.ts";
import type { CommandTable } from "./call.ts";
import { COLLECTION_COMMANDS } from "./collections.ts";
import { CURSOR_COMMANDS } from "./cursors.ts";
import { DIAGNOSTIC_COMMANDS } from "./diagnostics.ts";
import { FIND_AND_MODIFY_COMMANDS } from "./find-and-modify.ts";
import { FIND_COMMANDS } from "./find.ts";
import { HELLO_COMMANDS } from "./hello.ts";
import { INDEX_COMMANDS } from "./indexes.ts";
import { LOGIN_COMMANDS } from "./login.ts";
import { SESSION_COMMANDS } from "./sessions.ts";
import { STATISTICS_COMMANDS } from "./statistics.ts";
import { USER_COMMANDS } from "./users.ts";
import { WRITE_COMMANDS } from "./writes.ts";

/** All commands. A client may send no other: `listCommands` shows exactly these. */
export const COMMANDS: CommandTable = {
  ...HELLO_COMMANDS,
  ...LOGIN_COMMANDS,
  ...USER_COMMANDS,
  ...FIND_COMMANDS,
  ...CURSOR_COMMANDS,
  ...WRITE_COMMANDS,
  ...FIND_AND_MODIFY_COMMANDS,
  ...AGGREGATE_COMMANDS,
  ...COLLECTION_COMMANDS,
  ...INDEX_COMMANDS,
  ...STATISTICS_COMMANDS,
  ...SESSION_COMMANDS,
  ...DIAGNOSTIC_COMMANDS,
  listCommands: {
    action: "nobody",
    fields: {},
    run: () => ({
      commands: Object.fromEntries(
        Object.entries(COMMANDS).map(([name, { isForAdmin = false }]) => [
          name,
          { help: "", adminOnly: isForAdmin, requiresAuth: COMMANDS[name]?.action !== "nobody" },
        ]),
      ),
      ok: 1,
    }),
  },
};
