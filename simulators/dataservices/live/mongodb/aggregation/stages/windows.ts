import { runWindowStage } from "../bridge.ts";
import type { StageTable } from "./table.ts";

const libraryStage =
  (name: string): StageTable[string] =>
  (operand) =>
  (documents) =>
    runWindowStage(name, operand, documents);

/** Stages that come entirely from mingo. */
export const WINDOW_STAGES: StageTable = {
  $setWindowFields: libraryStage("$setWindowFields"),
  $densify: libraryStage("$densify"),
  $fill: libraryStage("$fill"),
  $bucketAuto: libraryStage("$bucketAuto"),
};
