/**
 * `npm run verifiers`: installs third-party verifiers (some minutes: Go compiles sigstore) into `.drydock/verifiers`, so that `npx vitest run
 * scripts/verifiers` tries our certificates on them. Without them that test is skipped.
 */
import { scriptCommand } from "../command.ts";
import { isInstalled, VERIFIERS } from "./verifiers.ts";

scriptCommand("npm run verifiers --", "Install the third-party verifiers that are tried on our certificates.").parse();

for (const verifier of VERIFIERS) {
  if (!(await isInstalled(verifier))) await verifier.install();
  console.log(`installed: ${verifier.name}`);
}
