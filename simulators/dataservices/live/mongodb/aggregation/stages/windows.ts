import { runWindowStage } from "../bridge.ts";
import type { StageTable } from "./table.ts";

const bridged =
  (name: string): StageTable[string] =>
  (operand) =>
  (documents) =>
    runWindowStage(name, operand, documents);

/** Stages that come from mingo whole. */
export const WINDOW_STAGES: StageTable = {
  $setWindowFields: bridged("$setWindowFields"),
  $densify: bridged("$densify"),
  $fill: bridged("$fill"),
  $bucketAuto: bridged("$bucketAuto"),
};
