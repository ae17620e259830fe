import { backupSuite } from "./backup/suite.ts";
import type { SuiteName } from "../runner/events.ts";
import { isolationSuite } from "./isolation/suite.ts";
import { osbSuite } from "../osb/suite.ts";
import type { AnySuite } from "../runner/suite.ts";

/** Every suite by its name. */
export const SUITES: Readonly<Record<SuiteName, AnySuite>> = {
  osb: osbSuite,
  backup: backupSuite,
  isolation: isolationSuite,
};
