import type { BrokerConfig } from "../../broker/index.ts";
import { majorsHere } from "../../simulators/live/sockets.ts";
import type { ServiceName } from "../deployments/manifests.ts";

/** How much a cloud offers. */
export type CatalogSize = "small" | "full";

/** The plans of the oldest catalog, without the name of their service. */
export const CLASSIC_PLANS = ["single-small", "single-big", "replica-small", "replica-big"] as const;

/** The names of plans of a service. */
export const planNames = (service: ServiceName, plans: readonly string[]): readonly string[] =>
  plans.map((plan) => `${service}-${plan}`);

/** Those of the oldest catalog and two more, so that every size occurs, and TLS both alone and replicated. */
const SMALL_PLANS = [...CLASSIC_PLANS, "single-nano-ssl", "replica-medium-ssl"];
/** Versions of PostgreSQL that the broker knows. */
const OFFERED_MAJORS: readonly number[] = [18, 17, 16, 15];

/**
 * Makes the function that says what each broker of a cloud offers.
 *
 * `small`: a plan of each kind (alone and replicated, of each size, with and without TLS) of one version. `full`: every plan of every version that this
 * machine can run.
 */
export async function offersOf(
  size: CatalogSize,
): Promise<(service: ServiceName) => Pick<BrokerConfig, "catalog" | "maintenance" | "quotas">> {
  const majors = size === "full" ? await majorsHere() : [];
  const versions = OFFERED_MAJORS.filter((major) => majors.includes(major)).map(String);
  return (service) => {
    if (size === "small") return { catalog: { plans: planNames(service, SMALL_PLANS) } };
    return service === "postgresql" && versions.length > 0 ? { catalog: { versions } } : { catalog: {} };
  };
}
