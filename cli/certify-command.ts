import { certifyBroker, type CertifyCommandOptions, type CertifyRunOptions, commandFor } from "./certify.ts";
import { runInterruptibly } from "./session.ts";

/** Certifies with a live page of the run, which ends with it. */
async function watchAndCertify(url: string, run: CertifyRunOptions): Promise<number> {
  const { openRunPage } = await import("./live/open.ts");
  await using page = await openRunPage(url);
  return await certifyBroker(url, { ...run, watch: (event) => page.hub.take(event) });
}

/** `drydock certify [url]`: without a URL the reference broker, in a cloud of its own. Returns the exit code. @throws UserError, TargetError */
export async function certifyCommand(url: string | undefined, options: CertifyCommandOptions): Promise<number> {
  const command = commandFor(url, options);
  return runInterruptibly(async (signal) => {
    const run = { ...options, command, signal };
    if (url !== undefined) return options.ui === true ? watchAndCertify(url, run) : certifyBroker(url, run);
    // A cloud is a lot to load for those who don't need one.
    const { certifyReference } = await import("./reference.ts");
    return certifyReference(run);
  });
}
