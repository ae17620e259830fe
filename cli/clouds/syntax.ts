import { Argument, type Command, Option } from "commander";

/** Turns what a command resolves to into the exit code. */
type EndWith = (code: Promise<number>) => Promise<void>;

/** The syntax of `list`, `logs`, `reset`, `snapshot` and `down`: the commands for clouds that are up, or kept in a folder. */
export function addCloudCommands(drydock: Command, endWith: EndWith): void {
  const load = () => import("./manage.ts");
  const loadSnapshots = () => import("./snapshot.ts");
  drydock
    .command("list")
    .description("list the clouds of this user that are up, with the addresses of their live pages")
    .option("--json", "as a list")
    .addHelpText("after", "\nExamples:\n  $ drydock list\n  $ drydock list --json")
    .action(async (options) => endWith((await load()).list(options)));
  drydock
    .command("logs")
    .description("print the log of a detached cloud")
    .argument("[name]", "which cloud; default: the only one")
    .addHelpText("after", "\nExample:\n  $ drydock logs blue")
    .action(async (name: string | undefined) => endWith((await load()).logs(name)));
  drydock
    .command("reset")
    .description("end a detached cloud and start a fresh one with the same name and options")
    .argument("[name]", "which cloud; default: the only one")
    .option("--data <dir>", "instead, remove the cloud in this folder, which is down; snapshots stay")
    .addHelpText("after", "\nExamples:\n  $ drydock reset blue\n  $ drydock reset --data ~/clouds/blue")
    .action(async (name: string | undefined, { data }: { data?: string }) =>
      endWith(data === undefined ? (await load()).reset(name) : (await loadSnapshots()).resetData(data)),
    );
  drydock
    .command("snapshot")
    .description("save, bring back or list states of the cloud in a folder, which is down meanwhile")
    .addArgument(new Argument("<action>", "what to do").choices(["save", "restore", "list"]))
    .argument("[name]", "of the snapshot")
    .requiredOption("--data <dir>", "the folder that up --data was given")
    .option("--json", "the snapshots, as a list")
    .addHelpText(
      "after",
      "\nExamples:\n  $ drydock snapshot save clean --data ~/clouds/blue\n  $ drydock snapshot restore clean --data ~/clouds/blue\n  $ drydock snapshot list --data ~/clouds/blue",
    )
    .action(async (action: "save" | "restore" | "list", name: string | undefined, options) =>
      endWith((await loadSnapshots()).snapshot(action, name, options)),
    );
  drydock
    .command("down")
    .description("end a cloud, and wait until it has")
    .argument("[name]", "which cloud; default: the only one")
    .option("--all", "every cloud of this user")
    .addHelpText("after", "\nExamples:\n  $ drydock down\n  $ drydock down blue\n  $ drydock down --all")
    .action(async (name: string | undefined, options) => endWith((await load()).down(name, options)));
}

/** Adds the options that name a cloud and detach it from its terminal. */
export const addOwnTerminal = (command: Command): Command =>
  command
    .option("--name <name>", "what list, env, logs, reset and down call it; default: its block")
    .option("--detach", "return once it is up; it runs in the background until drydock down")
    .addOption(new Option("--log-file <file>", "the file that logs prints; --detach chooses one"));
