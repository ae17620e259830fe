import { type Command, Option } from "commander";

/** Turns what a command resolves to into the exit code. */
type EndWith = (code: Promise<number>) => Promise<void>;

/** The syntax of `list`, `logs`, `reset` and `down`: the commands for clouds that are up. */
export function addCloudCommands(drydock: Command, endWith: EndWith): void {
  const load = () => import("./manage.ts");
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
    .addHelpText("after", "\nExample:\n  $ drydock reset blue")
    .action(async (name: string | undefined) => endWith((await load()).reset(name)));
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
