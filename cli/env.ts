import { proxyBypass } from "./cloud.ts";
import { findCloudsUp } from "./cloud-state.ts";
import { findCloud } from "./clouds/choose.ts";
import { EXIT, UserError } from "./errors.ts";

const quote = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;

/**
 * `drydock env`: prints the environment of the named cloud, or of the newest that is up. Returns the exit code.
 *
 * @throws UserError CLI_NO_CLOUD
 */
export async function env(options: { readonly json?: boolean; readonly name?: string }): Promise<number> {
  const up = await findCloudsUp();
  const [newest, ...others] = options.name === undefined ? up : [findCloud(up, options.name)];
  if (newest === undefined) throw new UserError("CLI_NO_CLOUD", "no cloud is up");
  if (others.length > 0)
    process.stderr.write(`drydock: ${others.length + 1} clouds are up; this is the newest, in ${newest.block}\n`);
  const environment = { ...newest.environment, ...proxyBypass(process.env) };
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  process.stdout.write(`${options.json === true ? JSON.stringify(environment) : lines.join("\n")}\n`);
  return EXIT.ok;
}
