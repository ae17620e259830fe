import type { Cloud, CloudOptions } from "../scenarios/cloud/cloud.ts";
import { UserError } from "./errors.ts";
import { readNamedFile } from "./session.ts";

/** The value of an option that takes a file, or its contents as JSON. @throws UserError CLI_NO_FILE */
const textOf = (given: string): string => (/^\s*[[{]/.test(given) ? given : (readNamedFile(given) ?? ""));

/** The settings of a director, from a file or as JSON. @throws UserError CLI_NO_FILE, SettingsError */
export async function readDirector(given: string): Promise<NonNullable<CloudOptions["director"]>> {
  const { readDirectorSettings } = await import("../simulators/bosh/state/settings.ts");
  return readDirectorSettings(textOf(given));
}

/** The services of these names. @throws UserError CLI_BAD_OPTION */
export async function findServices(names: readonly string[]): Promise<NonNullable<CloudOptions["services"]>> {
  const { SERVICES } = await import("../scenarios/deployments/manifests.ts");
  return names.map((name) => {
    const found = SERVICES.find((each) => each === name);
    if (found !== undefined) return found;
    throw new UserError("CLI_BAD_OPTION", `no such service: "${name}" (--services); there are ${SERVICES.join(", ")}`);
  });
}

/** Arms faults in a cloud, each in its time. Returns what ends that. */
type Arm = (cloud: Cloud, report: (error: unknown) => void) => () => Promise<void>;

/** Reads a plan of faults, from a file or as JSON: a list of rules, or what `run --faults` takes. @throws UserError CLI_NO_FILE, FaultPlanError */
export async function planFaults(given: string): Promise<Arm> {
  const [{ armInTime, parseFaultPlan }, { CloudControl }] = await Promise.all([
    import("../scenarios/external/fault-plan.ts"),
    import("../scenarios/external/cloud-control.ts"),
  ]);
  const text = textOf(given);
  const plan = parseFaultPlan(text.trimStart().startsWith("[") ? `{"faults": ${text}}` : text);
  return ({ environment }, report) => {
    const control = new CloudControl(environment);
    const over = new AbortController();
    const arming = armInTime(plan, control, over.signal).then(() => {}, report);
    return async () => {
      over.abort();
      await arming;
      control.close();
    };
  };
}
