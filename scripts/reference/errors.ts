import { CONFIG_ERRORS } from "../../broker/config.ts";
import { USER_ERRORS } from "../../cli/errors.ts";
import { TARGET_ERRORS } from "../../conformance/client/errors/target-error.ts";
import { CERTIFICATE_ERRORS } from "../../reports/certificate/errors.ts";
import { REPORT_ERRORS } from "../../reports/errors.ts";
import { REGISTRY_ERRORS } from "../../reports/registry/errors.ts";
import { DATA_ERRORS } from "../../scenarios/cloud/data/errors.ts";
import { LIVE_PLANE_ERRORS } from "../../simulators/dataservices/live/errors.ts";
import { DATASERVICE_ERRORS } from "../../simulators/dataservices/wire/errors.ts";
import { KERNEL_ERRORS } from "../../simulators/kernel/errors.ts";

/** Catalogues of errors: who meets them, and where. */
const CATALOGUES = [
  ["Command line", "Printed on standard error with exit code 2: the command could not run.", USER_ERRORS],
  [
    "A cloud in a folder",
    "Printed by `up --data` and `exec --data` with exit code 2: the cloud can't be kept there.",
    DATA_ERRORS,
  ],
  ["The broker under test", "Printed by `certify` with exit code 2: the target cannot be tested.", TARGET_ERRORS],
  ["Reports", "A stream or a folder of reports can't be read or written.", REPORT_ERRORS],
  ["Certificates", "A certificate can't be made or verified.", CERTIFICATE_ERRORS],
  ["Registry", "A submission to a registry of certificates is refused.", REGISTRY_ERRORS],
  ["The reference broker's settings", "Printed by `drydock broker`, which then does not start.", CONFIG_ERRORS],
  ["Kernel and faults", "Thrown by the simulation; the control API answers faults with them.", KERNEL_ERRORS],
  ["Data services, virtual", "Thrown to whoever uses a simulated data service in process.", DATASERVICE_ERRORS],
  ["Data services, real", "A real server behind a simulated VM can't be run.", LIVE_PLANE_ERRORS],
] as const;

/** A code with what it means. */
interface ErrorEntry {
  readonly code: string;
  readonly room: string;
  readonly where: string;
  readonly message: string;
}

/** Every code of every catalogue. */
export function errorEntries(): readonly ErrorEntry[] {
  return CATALOGUES.flatMap(([room, where, catalogue]) =>
    Object.entries(catalogue).map(([code, message]) => ({ code, room, where, message: String(message) })),
  );
}

/** The page of one code, as Markdown. */
export const errorPage = ({ code, room, where, message }: ErrorEntry): string =>
  [`# ${code}`, `${message}.`.replace(/\.\.$/, "."), "", `**${room}.** ${where}`, "", "[All codes](./all.md)", ""].join(
    "\n",
  );

/** The list of all codes. */
export function errorIndex(): string {
  const rows = errorEntries().map(
    ({ code, room, message }) => `| [\`${code}\`](./${code}.md) | ${room} | ${message.replaceAll("|", "\\|")} |`,
  );
  return ["# Errors by code", "", "| Code | Where | What to do |", "|---|---|---|", ...rows, ""].join("\n");
}
