import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certify } from "../../runner/certify.ts";
import { backupSuite } from "../../suites/backup/suite.ts";
import { isolationSuite } from "../../suites/isolation/suite.ts";
import { dataPlaneFor } from "../../runner/data-plane.ts";
import { type PythonBroker, startPythonBroker } from "./python-broker.ts";

const PATIENCE_MS = 300_000;

/** Both suites as a whole take a minute, most of it waiting. */
const isWhole = process.env.DRYDOCK_TESTS === "whole";
const SOME = ["BK-02", "BK-11", "BK-13", "BK-24", "IS-06", "IS-24", "IS-25", "IS-38", "IS-59"];

describe("a broker in another language, with a data service and backups of its own", () => {
  let broker: PythonBroker | undefined;
  beforeAll(async () => {
    broker = await startPythonBroker();
  });
  afterAll(() => broker?.close());

  it(
    "is reached as its drydock.yml says, and accused of nothing by the suites about data",
    async ({ skip }) => {
      if (broker === undefined) return skip("there is no python3 on this machine");
      const { url, username, password, file } = broker;
      const data = dataPlaneFor({ credentials: {}, source: "127.0.0.1" });
      const suites = [backupSuite, isolationSuite];
      const summary = await certify({
        url,
        username,
        password,
        file,
        data,
        suites,
        ...(isWhole ? {} : { only: SOME }),
      });
      const others = summary.results.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable");
      expect(others.map(({ check, verdict, reason }) => `${check.id} ${verdict}: ${reason ?? ""}`)).toEqual([]);
      expect([summary.exitCode, summary.leftBehind]).toEqual([0, []]);
      expect(summary.counts.pass).toBeGreaterThanOrEqual(isWhole ? 50 : SOME.length);
    },
    PATIENCE_MS,
  );
});
