import { pastProxy } from "./cloud.ts";
import { cloudsUp } from "./cloud-state.ts";
import { EXIT, UserError } from "./errors.ts";

const quoted = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;

/**
 * Prints the environment of the cloud that is up, of the newest where there are several.
 *
 * @throws UserError CLI_NO_CLOUD
 */
export async function env(options: { readonly json?: boolean }): Promise<number> {
  const [newest, ...others] = await cloudsUp();
  if (newest === undefined) throw new UserError("CLI_NO_CLOUD", "no cloud is up");
  if (others.length > 0)
    process.stderr.write(`drydock: ${others.length + 1} clouds are up; this is the newest, in ${newest.block}\n`);
  const environment = { ...newest.environment, ...pastProxy(process.env) };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  process.stdout.write(`${options.json === true ? JSON.stringify(environment) : lines.join("\n")}\n`);
  return EXIT.ok;
}
