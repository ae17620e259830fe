import { proxyBypass } from "./cloud.ts";
import { findCloudsUp } from "./cloud-state.ts";
import { EXIT, UserError } from "./errors.ts";

const quote = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;

/**
 * `drydock env`: prints the environment of the cloud that is up, the newest if there are several. Returns the exit code.
 *
 * @throws UserError CLI_NO_CLOUD
 */
export async function env(options: { readonly json?: boolean }): Promise<number> {
  const [newest, ...others] = await findCloudsUp();
  if (newest === undefined) throw new UserError("CLI_NO_CLOUD", "no cloud is up");
  if (others.length > 0)
    process.stderr.write(`drydock: ${others.length + 1} clouds are up; this is the newest, in ${newest.block}\n`);
  const environment = { ...newest.environment, ...proxyBypass(process.env) };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  process.stdout.write(`${options.json === true ? JSON.stringify(environment) : lines.join("\n")}\n`);
  return EXIT.ok;
}
