import type { TaskArguments } from "../tasks/jobs.ts";
import { all, type Body } from "../../kernel/index.ts";
import { batchGroups } from "../deploy/serial-groups.ts";
import { resolveMaxInFlight } from "../deploy/read-update.ts";
import { DEPLOYMENT_LOCK_MS, deploymentLock } from "../deploy/deployment-lock.ts";
import { planDeployed } from "../deploy/plan-deployed.ts";
import type { DeployPlan, PlannedGroup } from "../deploy/adopt.ts";
import type { Deployment } from "../state/deployments.ts";
import type { Director } from "../state/director.ts";
import type { Problem } from "../state/problems.ts";
import type { Task } from "../state/tasks.ts";
import { inParallel } from "../tasks/in-parallel.ts";
import { withLock } from "../tasks/locks.ts";
import { Stage } from "../tasks/stage.ts";
import { rubyClass } from "../templates/ruby.ts";
import { codeOf, DirectorError, messageOf, UNCLASSED } from "../wire/errors.ts";
import { diagnose, HandlerError } from "./problems.ts";
import { postDeployAll } from "./recreate.ts";
import { type Repair, resolveProblem } from "./resolve.ts";
import { requireDeployment } from "../state/lookup.ts";

/** The chosen resolutions: by problem id, the name of a resolution, or null for the default of its type. */
type ChosenResolutions = ReadonlyMap<string, string | null>;

/** How many problems are worked on at once, by instance group. */
type MaxInFlight = ReadonlyMap<string, string>;

/** The outcome. */
interface ResolutionOutcome {
  readonly resolved: number;
  /** One line for each problem that could not be resolved. */
  readonly errors: readonly string[];
}

/**
 * `apply resolutions`. The deployment must have had a successful deploy.
 * @throws DirectorError 70000, 410003, 440001
 */
export function* applyResolutions(director: Director, task: Task, args: TaskArguments["cck_apply"]): Body<string> {
  const deployment = requireDeployment(director, args.deployment);
  const wishes = readResolutions(args.resolutions);
  const maxInFlight = readMaxInFlight(args.maxInFlight);
  const resolver = new ProblemResolver(director, task, deployment, maxInFlight);
  const options = { waitMs: DEPLOYMENT_LOCK_MS, deployment: deployment.name };
  const work = (function* (): Body<string> {
    const { resolved, errors } = yield* resolver.resolve(wishes);
    refuseUnresolved(errors);
    yield* postDeployAll(director, deployment);
    return `${resolved} resolved`;
  })();
  return yield* withLock(director, task, deploymentLock(deployment.name), options, work);
}

/** @throws DirectorError when a problem could not be resolved */
export function refuseUnresolved(errors: readonly string[]): void {
  if (errors.length > 0) throw new DirectorError(UNCLASSED, errors.join("\n"));
}

/** @throws DirectorError 410003 */
function readResolutions(value: unknown): ChosenResolutions {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new DirectorError(410003, `Invalid format for resolutions, Hash expected, ${rubyClass(value)} is given`);
  return new Map(Object.entries(value).map(([id, name]) => [id, name == null ? null : String(name)]));
}

/** @throws Error in Ruby's words */
function readMaxInFlight(value: unknown): MaxInFlight {
  if (value == null || value === false) return new Map();
  if (typeof value !== "object") throw new Error(`undefined method 'inject' for an instance of ${rubyClass(value)}`);
  return new Map(Object.entries(value).map(([group, amount]) => [group, String(amount)]));
}

/** Works on the problems of a deployment: groups in the order, and with the parallelism, of a deploy. */
export class ProblemResolver {
  readonly #repair: Repair;
  readonly #plan: DeployPlan;
  readonly #maxInFlight: MaxInFlight;
  readonly #errors: string[] = [];
  #resolved = 0;

  /** @throws DirectorError 440001 if no deploy has succeeded yet */
  constructor(director: Director, task: Task, deployment: Deployment, maxInFlight: MaxInFlight = new Map()) {
    const plan = planDeployed(director, deployment);
    if (plan === undefined) throw new DirectorError(440001, "No successful BOSH deployment manifest available");
    this.#repair = { director, task, deployment };
    this.#plan = plan;
    this.#maxInFlight = maxInFlight;
  }

  /** Continues with the other problems if one can't be resolved. */
  *resolve(wishes: ChosenResolutions): Body<ResolutionOutcome> {
    const { director, task, deployment } = this.#repair;
    const problems = director.slot.value.problems.filter(
      (each) => each.deployment === deployment.name && wishes.has(String(each.id)),
    );
    const stage = new Stage(director, task, "Applying problem resolutions", problems.length);
    const work = (problem: Problem): Body => this.#work(stage, problem, wishes.get(String(problem.id)) ?? null);
    if (problems.length > 1) yield* this.#byGroup(problems, work);
    else for (const problem of problems) yield* work(problem);
    return { resolved: this.#resolved, errors: this.#errors };
  }

  *#byGroup(problems: readonly Problem[], work: (problem: Problem) => Body): Body {
    const { director } = this.#repair;
    const groupOf = new Map(problems.map((problem) => [problem, diagnose(director, problem).group]));
    for (const batch of batchGroups(this.#plan.groups)) {
      const runs = batch.map((group) => {
        const own = problems.filter((problem) => groupOf.get(problem) === group.group.name);
        return director.kernel.spawn("problems", inParallel(director, own, this.#widthOf(group, own.length), work));
      });
      yield* all(runs);
    }
  }

  #widthOf({ group }: PlannedGroup, problems: number): number {
    return resolveMaxInFlight(this.#maxInFlight.get(group.name) ?? group.update.maxInFlight, problems);
  }

  *#work(stage: Stage, problem: Problem, wanted: string | null): Body {
    if (problem.state !== "open") {
      stage.begin(`Ignoring problem ${problem.id} (state is '${problem.state}')`).finish();
      return;
    }
    const diagnosis = diagnose(this.#repair.director, problem);
    const name = wanted ?? diagnosis.handler.auto;
    const plan = diagnosis.handler.resolutions.find((each) => each.name === name)?.plan ?? "no resolution";
    const label = `${diagnosis.description} (${problem.type} ${problem.resourceId}): ${plan}`;
    try {
      yield* stage.step(label, resolveProblem(this.#repair, problem, diagnosis, name));
    } catch (error) {
      if (codeOf(error) === CANCELLED) throw error;
      this.#errors.push(`Error resolving problem '${problem.id}': ${messageOf(error)}`);
      // After any other error the problem stays open, and can be retried without a new scan.
      if (!(error instanceof HandlerError)) return;
    }
    problem.state = "resolved";
    this.#resolved++;
  }
}

const CANCELLED = 10001;
