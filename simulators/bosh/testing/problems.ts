import type { Instance } from "../state/deployments.ts";
import { TestDirector, type FollowedTask, manifestOf } from "./director.ts";

/** A problem as the API shows it. */
interface Shown {
  readonly id: number;
  readonly type: string;
  readonly data: object;
  readonly description: string;
  readonly resolutions: readonly { readonly name: string; readonly plan: string }[];
  readonly instance_group: string;
}

export async function deployGroups(
  instances = 2,
  options: Parameters<typeof manifestOf>[1] = {},
): Promise<TestDirector> {
  const bench = new TestDirector();
  await bench.ready();
  const { state, result } = bench.deployText(manifestOf({ w: instances }, options));
  if (state !== "done") throw new Error(result);
  return bench;
}

export const scan = (bench: TestDirector): FollowedTask => bench.task(bench.send("POST", "/deployments/x/scans"));

export const problems = (bench: TestDirector): readonly Shown[] =>
  bench.send("GET", "/deployments/x/problems").json as Shown[];

export function applyResolutions(
  bench: TestDirector,
  resolutions: Readonly<Record<string, string | null>>,
  more: object = {},
): FollowedTask {
  return bench.task(bench.json("PUT", "/deployments/x/problems", { resolutions, ...more }));
}

export const fix = (bench: TestDirector, jobs: object): FollowedTask =>
  bench.task(bench.json("PUT", "/deployments/x/scan_and_fix", { jobs }));

/** The final counts of a scan's stage for VMs, or for disks. */
export const countsOf = ({ events }: FollowedTask, stage: RegExp): unknown =>
  events.findLast((line) => stage.test(String(line.stage)))?.task;

export const freeze = (bench: TestDirector, { vm }: Instance): number =>
  bench.kernel.faults.arm({
    point: "agent:*",
    match: { vm: vm?.cid ?? "" },
    count: null,
    effect: { kind: "stuck" },
  });

export const names = (shown: Shown | undefined): readonly string[] =>
  (shown?.resolutions ?? []).map(({ name }) => name);

export const isUp = (bench: TestDirector, { vm }: Instance): boolean => vm !== null && bench.dummy.isAlive(vm.cid);
