import type { Instance } from "../state/deployments.ts";
import { TestDirector, manifestOf } from "./director.ts";

export const MINUTE_MS = 60_000;

export const SCAN = "scan and fix";

/** A director whose health monitor runs, with a deployment `x` of these groups. @throws Error */
export async function deployGroups(groups: Readonly<Record<string, number>>, diskMb?: number): Promise<TestDirector> {
  const bench = new TestDirector({ resurrector: true });
  await bench.ready();
  const { state, result } = bench.deployText(manifestOf(groups, diskMb === undefined ? {} : { diskMb }));
  if (state !== "done") throw new Error(result);
  return bench;
}

/** The final states of the scans that the monitor requested, oldest first. */
export const endsOf = (bench: TestDirector): readonly string[] => bench.tasks(SCAN).map(({ state }) => state);

export const isUp = (bench: TestDirector, { vm }: Instance): boolean => vm !== null && bench.dummy.isAlive(vm.cid);
