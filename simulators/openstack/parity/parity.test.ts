import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { sliceOf } from "../../../scripts/tests/slice.ts";
import { findRegressions, type Ratchet } from "../../parity/ratchet.ts";
import { RECORDINGS } from "../../parity/subject.ts";
import { recordingsIn } from "./recording.ts";
import { replay } from "./replay.ts";
import { replaySockets, socketFilesIn } from "./sockets.ts";

const RATCHET: Ratchet = JSON.parse(
  readFileSync(new URL("../../../docs/parity/openstack.json", import.meta.url), "utf8"),
);

it("answers as the recorded services did, in no fewer steps than before", async () => {
  const overSockets = await replaySockets(socketFilesIn(RECORDINGS));
  const atSockets = new Set(overSockets.map(({ id }) => id));
  // .ci/run replays every scenario, as `npm run parity` does.
  const inProcess = sliceOf(
    Object.entries(RATCHET.scenarios).filter(([id]) => !atSockets.has(id)),
    5,
  );
  const taken = new Set(inProcess.map(([id]) => id));
  const replayed = await replay(recordingsIn(RECORDINGS), { only: { test: (id) => taken.has(id) } });
  expect(replayed.length).toBe(taken.size);
  const scenarios = Object.fromEntries(
    Object.entries(RATCHET.scenarios).filter(([id]) => taken.has(id) || atSockets.has(id)),
  );
  expect(findRegressions({ scenarios }, [...replayed, ...overSockets])).toEqual([]);
});

/** Every nth scenario is also replayed over TCP; `npm run parity -- --sockets` replays them all. */
const SOCKET_STRIDE = 40;

it("answers over sockets as it does in process", async () => {
  const sample = { skip: (index: number): boolean => index % SOCKET_STRIDE !== 0 };
  const files = recordingsIn(RECORDINGS);
  const [inProcess, overSockets] = [await replay(files, sample), await replay(files, { ...sample, face: "sockets" })];
  expect(inProcess.length).toBeGreaterThan(5);
  expect(overSockets.map(({ id, matched }) => [id, matched])).toEqual(
    inProcess.map(({ id, matched }) => [id, matched]),
  );
});
