import { expect, it } from "vitest";
import { findRegressionsSince, RECORDINGS } from "../../parity/subject.ts";
import { recordingsIn } from "./recording.ts";
import { replay } from "./replay.ts";
import { openStackParity } from "./subject.ts";

it("answers as the recorded services did, in no fewer steps than before", async () => {
  expect(await findRegressionsSince(openStackParity)).toEqual([]);
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
