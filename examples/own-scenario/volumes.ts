/**
 * A scenario of one's own: `npx drydock run ./volumes.ts --seeds 100`.
 *
 * The subject is a small keeper of volumes in OpenStack. When the answer to an order is lost, it must look before it orders again, or a
 * volume is left that nobody knows of. Seeds draw orders, and faults that hit them.
 */
import { defineScenario, fc, type OwnPlay } from "drydock-broker-conformance";

type Step = { readonly do: "make" | "remove"; readonly fault: "none" | "lost-reply" | "reset" | "refused" };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom("make", "make", "remove"),
  fault: fc.constantFrom("none", "none", "lost-reply", "reset", "refused"),
});

/** The subject. `looks`: whether it looks for a volume of that name before it orders one again. */
class VolumeKeeper {
  readonly kept = new Map<string, string>();
  readonly #play: OwnPlay;
  readonly #looks: boolean;

  constructor(play: OwnPlay, looks: boolean) {
    this.#play = play;
    this.#looks = looks;
  }

  async #send(method: string, path: string, body?: object): Promise<Response> {
    const { world } = this.#play;
    const { authUrl, username: name, password, project } = world.credentials.openstackAdmin;
    const environment = world.environmentAt(world.plan.applications);
    const domain = { id: "default" };
    const auth = {
      identity: { methods: ["password"], password: { user: { name, password, domain } } },
      scope: { project: { name: project, domain } },
    };
    const headers = { "content-type": "application/json" };
    const login = await environment.fetch(`${authUrl}/auth/tokens`, {
      method: "POST",
      headers,
      body: JSON.stringify({ auth }),
    });
    const { token } = (await login.json()) as { token: { catalog: { type: string; endpoints: { url: string }[] }[] } };
    const volumes = token.catalog.find(({ type }) => type === "volumev3")?.endpoints[0]?.url ?? "";
    return environment.fetch(`${volumes}${path}`, {
      method,
      headers: { ...headers, "x-auth-token": login.headers.get("x-subject-token") ?? "" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async list(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    const listed = await this.#send("GET", "/volumes");
    return ((await listed.json()) as { volumes: { id: string; name: string }[] }).volumes;
  }

  async make(name: string): Promise<void> {
    const { world } = this.#play;
    for (;;) {
      try {
        const made = await this.#send("POST", "/volumes", { volume: { name, size: 1 } });
        if (made.ok) {
          const { volume } = (await made.json()) as { volume: { id: string } };
          return void this.kept.set(name, volume.id);
        }
        // Over quota, say: asking again would change nothing.
        if (made.status < 500) return;
      } catch {
        // The answer is lost: perhaps it was made, perhaps not.
      }
      const found = this.#looks ? (await this.list()).find((each) => each.name === name) : undefined;
      if (found !== undefined) return void this.kept.set(name, found.id);
      await world.driver.sleep(1000);
    }
  }

  async remove(name: string): Promise<void> {
    const { world } = this.#play;
    for (;;) {
      const answer = await this.#send("DELETE", `/volumes/${this.kept.get(name)}`).catch(() => undefined);
      if (answer?.status === 202 || answer?.status === 404) return void this.kept.delete(name);
      await world.driver.sleep(1000);
    }
  }
}

const POINT = { make: "cinder:POST /v3/:project/volumes", remove: "cinder:DELETE /v3/:project/volumes/:id" };

function arm(play: OwnPlay, { do: order, fault }: Step): void {
  if (fault === "none") return;
  const effect = fault === "refused" ? ({ kind: "reply", status: 503, body: "" } as const) : ({ kind: fault } as const);
  play.world.kernel.faults.arm({ point: POINT[order], count: 1, effect });
  play.note("steps", `${order}, ${fault}`);
}

async function playStep(play: OwnPlay, keeper: VolumeKeeper, each: Step, number: number): Promise<void> {
  const [oldest] = keeper.kept.keys();
  if (each.do === "remove" && oldest === undefined) return;
  arm(play, each);
  if (each.do === "make") await keeper.make(`volume-${number}`);
  else if (oldest !== undefined) await keeper.remove(oldest);
  play.note("steps", each.do);
  await play.world.driver.sleep(60_000);
}

export default defineScenario<readonly Step[]>({
  name: "volumes",
  description: "a keeper of volumes makes and removes them while answers of OpenStack are lost",
  arbitrary: fc.array(step, { minLength: 1, maxLength: 12 }),
  plantedBugs: ["orders-again-blindly"],
  canary: "orders-again-blindly",
  describe: (plan) => plan.map(({ do: order, fault }) => (fault === "none" ? order : `${order}, its answer: ${fault}`)),
  async play(play, plan) {
    const keeper = new VolumeKeeper(play, play.plantedBug !== "orders-again-blindly");
    const before = await keeper.list();
    for (const [number, each] of plan.entries()) await playStep(play, keeper, each, number);
    const own = (await keeper.list()).filter(({ id }) => !before.some((each) => each.id === id));
    play.note("laws", "volumes", own.length + 1);
    const known = new Set(keeper.kept.values());
    for (const { id, name } of own) if (!known.has(id)) play.fail(`${name} exists twice: nobody knows of one of them`);
    for (const id of known) if (!own.some((each) => each.id === id)) play.fail("a volume that is kept does not exist");
  },
});
