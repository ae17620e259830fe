/** A seed that failed once. */
interface Regression {
  readonly seed: number;
  /** What was wrong then. */
  readonly cause: string;
}

/** Seeds that failed once and pass now; the tests run them, so that they go on passing. None is ever removed. */
export const REGRESSIONS: readonly Regression[] = [
  {
    seed: 335,
    cause:
      "a repair failed between the deletion of a VM and the creation of the next, and nobody noticed the instance without a VM",
  },
  {
    seed: 421,
    cause:
      "a repair created the VM and could not attach its disk; cloud check did not report it, and no operator looked",
  },
  { seed: 2374, cause: "as 421, and the operator came only after the operation that was in progress at the instance" },
  {
    seed: 2670,
    cause: "an operator took what the broker's own deploy was about to repair for something that nobody reports",
  },
  { seed: 5546, cause: "the broker gave up deleting a deployment after five failed tasks, and left it behind" },
  {
    seed: 6511,
    cause: "each write during a restore that never ended doubled the contents that the model thought possible",
  },
  { seed: 6657, cause: "as 5546, and the security group of the instance was left behind too" },
  { seed: 7070, cause: "an unbind while the VM was being recreated left its user in the database" },
];
