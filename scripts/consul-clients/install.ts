import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileOf } from "../command.ts";

/** Where clients are installed: nothing of them is a part of the project. */
export const FOLDER = fileOf("../.drydock/consul-clients");
/** The scripts that clients run. */
export const SESSIONS = fileOf("consul-clients/sessions");

const TEMPLATE = "github.com/hashicorp/consul-template@v0.41.3";
const NPM = "consul@2.0.1";
const PYTHON = "py-consul==1.8.0";

/** The program of a client, once it is installed. */
export const programOf = (name: string): string => join(FOLDER, name);

/** Installs what is not there yet. Needs `go`, `npm` and `python3`. @throws Error when one of them fails */
export function installClients(log: (line: string) => void): void {
  mkdirSync(join(FOLDER, "bin"), { recursive: true });
  const run = (program: string, parameters: readonly string[], cwd = FOLDER): void => {
    log(`${program} ${parameters.join(" ")}`);
    const environment = { ...process.env, GOBIN: join(FOLDER, "bin") };
    execFileSync(program, parameters, { cwd, env: environment, stdio: ["ignore", "ignore", "inherit"] });
  };
  if (!existsSync(programOf("bin/go-session")))
    run("go", ["build", "-o", programOf("bin/go-session"), "."], join(SESSIONS, "go"));
  if (!existsSync(programOf("bin/consul-template"))) run("go", ["install", TEMPLATE]);
  if (!existsSync(programOf("npm/node_modules/consul")))
    run("npm", ["install", "--prefix", programOf("npm"), "--no-audit", "--no-fund", NPM]);
  if (!existsSync(programOf("python/bin/pip"))) run("python3", ["-m", "venv", programOf("python")]);
  run(programOf("python/bin/pip"), ["install", "-q", PYTHON]);
}
