import type { Command } from "commander";

/** The parts of the program that the actions of these commands need. */
interface Ending {
  readonly version: () => string;
  readonly endWith: (code: Promise<number>) => Promise<void>;
}

function addKeygen(drydock: Command, { endWith }: Ending): void {
  drydock
    .command("keygen")
    .description("create the pair of Ed25519 keys that signs and verifies certificates, as PEM files")
    .option("--out <name>", "the files are called NAME.key.pem and NAME.pub.pem", "drydock")
    .option("--json", "the names of the files and the id of the key")
    .addHelpText("after", "\nExample:\n  $ drydock keygen --out vendor")
    .action(async (options) => endWith((await import("./keygen.ts")).keygen(options)));
}

function addVerify(drydock: Command, { version, endWith }: Ending): void {
  drydock
    .command("verify")
    .description("explain a certificate, and refuse it if anything in it was changed or does not hold")
    .argument("<file>", "certificate.json or certificate.sigstore.json")
    .requiredOption("--key <file>", "PEM file of the signer's public key")
    .option("--report <dir>", "folder of the report that it certifies; default: the certificate's own")
    .option("--at <day>", "day (UTC) on which it must be valid; default: today")
    .option("--no-waivers", "refuse a certificate that rests on waivers")
    .option("--json", "what it says, and why it is refused")
    .addHelpText(
      "after",
      "\nExample:\n  $ drydock verify report/certificate.json --key vendor.pub.pem\n\nExit codes: 0 it holds, 1 it is refused, 2 it could not be read",
    )
    .action(async (file: string, options) =>
      endWith((await import("./verify.ts")).verify(file, { ...options, version: version() })),
    );
}

function addRegistry(drydock: Command, { version, endWith }: Ending): void {
  const registry = drydock
    .command("registry")
    .description("a public folder of certificates: verify them all again, write its index page")
    .addHelpText("after", "\nExamples:\n  $ drydock registry check .\n  $ drydock registry index .");
  const common = (command: Command): Command =>
    command
      .argument("<dir>", "the folder that holds keys and submissions")
      .option("--no-waivers", "refuse certificates that rest on waivers")
      .option("--json", "what is wrong, by submission")
      .addHelpText("after", "\nExit codes: 0 all hold, 1 something does not, 2 it could not be read");
  common(registry.command("check").description("verify each submission and the index")).action(
    async (dir: string, options) =>
      endWith((await import("./registry.ts")).checkCommand(dir, { ...options, version: version() })),
  );
  common(registry.command("index").description("write index.html and index.json")).action(
    async (dir: string, options) =>
      endWith((await import("./registry.ts")).indexCommand(dir, { ...options, version: version() })),
  );
}

/** The syntax of `keygen`, `verify` and `registry`. `endWith` turns what a command resolves to into the exit code. */
export function addCertificateCommands(drydock: Command, version: Ending["version"], endWith: Ending["endWith"]): void {
  for (const add of [addKeygen, addVerify, addRegistry]) add(drydock, { version, endWith });
}
