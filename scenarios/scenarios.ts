import { provisioning } from "./provisioning/scenario.ts";
import type { Scenario } from "./scenario.ts";

/** Every scenario that `drydock run` knows. */
export const SCENARIOS: readonly Scenario[] = [provisioning];
