import { certifyBroker, type CertifyCommandOptions, commandFor } from "./certify.ts";
import { runInterruptibly } from "./session.ts";

/** `drydock certify [url]`: without a URL the reference broker, in a cloud of its own. Returns the exit code. @throws UserError, TargetError */
export async function certifyCommand(url: string | undefined, options: CertifyCommandOptions): Promise<number> {
  const command = commandFor(url, options);
  return runInterruptibly(async (signal) => {
    const run = { ...options, command, signal };
    if (url !== undefined) return certifyBroker(url, run);
    // A cloud is a lot to load for those who don't need one.
    const { certifyReference } = await import("./reference.ts");
    return certifyReference(run);
  });
}
