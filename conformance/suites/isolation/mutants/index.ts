import type { MutantSet } from "../../../runner/mutant-set.ts";
import { toyMutantSet } from "../../toy/mutants.ts";
import { isolationSuite } from "../suite.ts";
import { API_MUTANTS } from "./api.ts";
import { ENGINE_MUTANTS } from "./engine.ts";
import { DASHBOARD_MUTANTS } from "./dashboards.ts";
import { OTHER_ENGINE_MUTANTS } from "./engines.ts";
import { REACH_MUTANTS } from "./reach.ts";
import { PARAMETER_MUTANTS } from "./parameters.ts";
import { PLATFORM_MUTANTS } from "./platform.ts";
import { TENANT_MUTANTS } from "./tenants.ts";

/** The proof of the isolation suite. */
export const isolationMutants: MutantSet = toyMutantSet(isolationSuite, [
  ...TENANT_MUTANTS,
  ...API_MUTANTS,
  ...PARAMETER_MUTANTS,
  ...ENGINE_MUTANTS,
  ...PLATFORM_MUTANTS,
  ...OTHER_ENGINE_MUTANTS,
  ...REACH_MUTANTS,
  ...DASHBOARD_MUTANTS,
]);
