import type fc from "fast-check";
import { findBrokenLaws, type Law } from "../../simulators/laws.ts";
import { createWorld, type World } from "../../simulators/world.ts";
import { type Coverage, Exercise } from "../coverage.ts";
import { BrokenPromise } from "../errors.ts";
import type { PreparedScenario, Scenario } from "../scenario.ts";
import { seedRunner } from "../seeds.ts";
import { inception } from "../story/inception.ts";

/**
 * The context of a play of a user's own scenario. Everything runs in virtual time, in the state after the
 * platform's inception.
 */
export interface OwnPlay {
  /** A cloud with a director, and no broker: `world.environmentAt(address)` has a fetch and a sleep, `world.net.attach` puts a server at an address. */
  readonly world: World;
  readonly seed: number;
  /** The planted bug that the subject has; undefined for a sound one. */
  readonly plantedBug: string | undefined;
  /** Fails the seed: the subject broke a promise. `why` is one line. @throws BrokenPromise always */
  readonly fail: (why: string) => never;
  /** Notes that a step acted, or how many things a law had to judge: a run in which neither happened proves nothing. */
  readonly note: (section: "steps" | "laws", name: string, times?: number) => void;
  /** Judges the conservation laws of the cloud, and further ones. @throws BrokenPromise when one is broken */
  readonly judgeLaws: (...further: readonly Law[]) => void;
}

/** A user's own scenario: what seeds draw, how a plan is played, and what must hold. */
export interface OwnScenario<Plan> {
  /** Its name in reports, from which its seeds derive. */
  readonly name: string;
  /** One line, what it plays. */
  readonly description: string;
  /** Draws a plan, which is shrunk if the seed fails. */
  readonly arbitrary: fc.Arbitrary<Plan>;
  /**
   * Plays a plan. Nothing of one play may reach the next: keep no state outside of it. Faults that it arms
   * (`world.kernel.faults.arm`) are gone with it.
   *
   * @throws BrokenPromise (`play.fail`) when the subject fails; any other error makes the seed `unknown`
   */
  play(play: OwnPlay, plan: Plan): Promise<void>;
  /** Describes a plan for a person, one line per step. Default: its JSON. */
  describe?(plan: Plan): readonly string[];
  /** Names of bugs that `--planted-bug` gives the subject, to see them found. Default: none. */
  readonly plantedBugs?: readonly string[];
  /** Virtual time within which a play must end, or the seed fails, in ms. Default: six hours. */
  readonly limitMs?: number;
  /** The bug that seeds must find in each campaign, or their silence proves nothing. Default: none. */
  readonly canary?: string;
}

const JOURNAL_EVENTS_MAX = 200;
const LIMIT_MS = 6 * 3_600_000;

async function prepare<Plan>(own: OwnScenario<Plan>, plantedBug: string | undefined): Promise<PreparedScenario> {
  const world = createWorld({ scramIterations: 1, journalEventsMax: JOURNAL_EVENTS_MAX });
  await world.run(() => inception(world, { services: [] }));
  const snapshot = world.kernel.snapshot();
  const rewindNet = world.net.mark();
  const exercise = new Exercise();
  return seedRunner<Plan>({
    arbitrary: own.arbitrary,
    play: async (seed, plan) => {
      world.kernel.restore(snapshot);
      rewindNet();
      world.kernel.reseed(`${own.name}/${seed}`);
      exercise.clear();
      const play = playOf(world, seed, plantedBug, exercise);
      await world
        .run(() => endInTime(world, own, play, plan))
        .finally(() => exercise.notePlan(world.kernel.faults.rules.some(({ acted }) => acted > 0)));
    },
    trace: () => ({ digest: world.kernel.journal.digest, coverage: coverageOf(world, exercise) }),
    describe: (plan) => own.describe?.(plan) ?? [JSON.stringify(plan)],
    steps: (plan) => (Array.isArray(plan) ? plan.length : 1),
  });
}

/** A subject that waits forever would otherwise never end its seed, because virtual time never runs out. */
async function endInTime<Plan>(world: World, own: OwnScenario<Plan>, play: OwnPlay, plan: Plan): Promise<void> {
  const { limitMs = LIMIT_MS } = own;
  const ended = new AbortController();
  const played = own.play(play, plan);
  const late = world.driver.sleep(limitMs, ended.signal).then(
    () => play.fail(`it has not ended within ${limitMs / 3_600_000} h`),
    () => played,
  );
  await Promise.race([played, late]).finally(() => ended.abort());
}

function playOf(world: World, seed: number, plantedBug: string | undefined, exercise: Exercise): OwnPlay {
  const fail = (why: string): never => {
    throw new BrokenPromise(why);
  };
  return {
    world,
    seed,
    plantedBug,
    fail,
    note: (section, name, times) => exercise.note(section, name, times),
    judgeLaws: (...further) => {
      exercise.note("laws", "conservation");
      const broken = findBrokenLaws(world, ...further);
      if (broken.length > 0) fail(broken.join("; "));
    },
  };
}

/** Faults are counted by the rules that are armed when a play ends, and by those that it noted. */
function coverageOf({ kernel }: World, exercise: Exercise): Coverage {
  const { rules } = kernel.faults;
  const fired = rules.filter(({ acted }) => acted > 0).length;
  const { coverage } = exercise;
  return { ...coverage, faults: { ...coverage.faults, ...(rules.length > 0 && { armed: rules.length, fired }) } };
}

/** Turns a user's own scenario into what `drydock run ./file.ts` runs: export it as the file's default. */
export const defineScenario = <Plan>(own: OwnScenario<Plan>): Scenario => ({
  name: own.name,
  description: own.description,
  plantedBugs: own.plantedBugs ?? [],
  ...(own.canary !== undefined && { canary: own.canary }),
  pairs: [],
  prepare: ({ plantedBug }) => prepare(own, plantedBug),
});
