import { audit } from "../events/audit.ts";
import { instanceName } from "../instances/names.ts";
import type { Instance } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import { utc } from "../wire/times.ts";

/** The user as which the health monitor calls the director. */
export const MONITOR_USER = "hm";

interface Alert {
  readonly deployment: string;
  readonly title: string;
  /** 1 alert, 2 critical, 3 error, 4 warning. */
  readonly severity: 1 | 2 | 4;
  /** Default: the title. */
  readonly summary?: string;
  /** The instance that it concerns, if just one. */
  readonly instance?: Instance;
}

/** Raises an alert of the health monitor, which appears among the director's events. */
export function raiseAlert(
  director: Director,
  { deployment, title, severity, summary = title, instance }: Alert,
): void {
  const { kernel } = director;
  audit(director, MONITOR_USER, {
    action: "create",
    type: "alert",
    name: kernel.random("bosh/monitor").uuid(),
    deployment,
    instance: instance === undefined ? null : instanceName(instance),
    context: { message: `${title}. Alert @ ${utc(kernel.nowMs)}, severity ${severity}: ${summary}` },
  });
  kernel.record("bosh", "monitor.alert", deployment, { title, severity, summary });
}
