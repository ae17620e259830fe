import { Argument, type Command } from "commander";

/** Turns what a command resolves to into the exit code. */
type EndWith = (code: Promise<number>) => Promise<void>;

function addInit(drydock: Command, endWith: EndWith): void {
  drydock
    .command("init")
    .description("draft a drydock.yml from the broker's catalog; without a URL it asks, at a terminal")
    .argument("[url]", "http://host:port of the broker")
    .option("--username <name>", "user of basic authentication; the password comes from DRYDOCK_PASSWORD")
    .option("--out <file>", "the file to write", "drydock.yml")
    .option("--force", "replace it if there is one")
    .option("--json", "the file, the plans found, and the parameters invented")
    .addHelpText("after", "\nExamples:\n  $ drydock init\n  $ drydock init http://127.0.0.1:8080 --username admin")
    .action(async (url: string | undefined, options) => endWith((await import("./init/init.ts")).init(url, options)));
}

function addDoctor(drydock: Command, endWith: EndWith): void {
  drydock
    .command("doctor")
    .description("report what this machine can do (addresses, ports, engines, clients), and how to enable the rest")
    .option("--json", "what was found, as a list")
    .addHelpText("after", "\nExample:\n  $ drydock doctor\n\nExit codes: 0 everything works, 1 something is missing")
    .action(async (options) => endWith((await import("./doctor/doctor.ts")).doctor(options)));
}

function addCompletion(drydock: Command, endWith: EndWith): void {
  drydock
    .command("completion")
    .description("print the completion of commands and options for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      "\nExamples:\n  $ source <(drydock completion bash)      in ~/.bashrc\n  $ source <(drydock completion zsh)       in ~/.zshrc, after compinit\n  $ drydock completion fish | source       in ~/.config/fish/config.fish",
    )
    .action(async (shell: "bash" | "zsh" | "fish") =>
      endWith((await import("./completion/completion.ts")).completion(shell, drydock)),
    );
}

/** The syntax of `init`, `doctor` and `completion`. */
export function addSetupCommands(drydock: Command, endWith: EndWith): void {
  for (const add of [addInit, addDoctor, addCompletion]) add(drydock, endWith);
}
