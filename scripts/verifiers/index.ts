/**
 * `npm run verifiers`: installs the verifiers that others wrote (some minutes: Go compiles sigstore) into
 * `.drydock/verifiers`, so that `npx vitest run scripts/verifiers` tries our certificates on them. Without it that test is skipped.
 */
import { scriptCommand } from "../command.ts";
import { isInstalled, VERIFIERS } from "./verifiers.ts";

scriptCommand("npm run verifiers --", "Install the verifiers on which our certificates are tried.").parse();

for (const verifier of VERIFIERS) {
  if (!(await isInstalled(verifier))) await verifier.install();
  console.log(`installed: ${verifier.name}`);
}
