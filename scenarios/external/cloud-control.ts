import Type, { type Static } from "typebox";
import type { FaultRule } from "../../simulators/kernel/index.ts";
import { parseAs } from "../clients/answers.ts";
import { ScenarioError } from "../errors.ts";
import { httpTransport } from "../load/transport.ts";

const Armed = Type.Object({ id: Type.Integer() });
const Rules = Type.Object({
  rules: Type.Array(Type.Object({ id: Type.Integer(), seen: Type.Integer(), acted: Type.Integer() })),
});
const Points = Type.Array(Type.Object({ point: Type.String(), effects: Type.Array(Type.String()) }));
const Laws = Type.Object({ broken: Type.Array(Type.String()) });

/** How many occasions an armed rule had, and how often it acted. */
interface RuleCount {
  readonly seen: number;
  readonly acted: number;
}

/** Controls a live cloud through its control API, wherever it runs. Every method throws ScenarioError if the cloud does not answer as it should. */
export class CloudControl {
  readonly #transport: ReturnType<typeof httpTransport>;
  readonly #prefix: string;

  /** @param environment `DRYDOCK_CONTROL` and `DRYDOCK_CONTROL_TOKEN`, as `drydock env` prints them */
  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const { DRYDOCK_CONTROL: url = "", DRYDOCK_CONTROL_TOKEN: token = "" } = environment;
    if (!URL.canParse(url)) throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", "DRYDOCK_CONTROL names no cloud");
    const { origin, pathname } = new URL(url);
    this.#prefix = pathname.replace(/\/$/, "");
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    this.#transport = httpTransport({ url: origin, headers, timeoutMs: ANSWER_MS_MAX });
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const request = { method, path: `${this.#prefix}${path}`, ...(body !== undefined && { body }) };
    const reply = await this.#transport.send(request);
    if (reply.kind === "error" || reply.status >= 300) {
      const why = reply.kind === "error" ? reply.what : `${reply.status} ${JSON.stringify(reply.body)}`;
      throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `the cloud's control API: ${method} ${path}: ${why}`);
    }
    return reply.body;
  }

  /** Every point at which faults can be armed, with its effects. */
  async points(): Promise<Static<typeof Points>> {
    return parseAs(Points, await this.#ask("GET", "/faults/points"), "GET /faults/points");
  }

  /** Arms a rule. Returns its id. */
  async arm(rule: FaultRule): Promise<number> {
    return parseAs(Armed, await this.#ask("POST", "/faults", rule), "POST /faults").id;
  }

  /** The occasions and acts of each armed rule, by id. */
  async counts(): Promise<ReadonlyMap<number, RuleCount>> {
    const listed = parseAs(Rules, { rules: await this.#ask("GET", "/faults") }, "GET /faults");
    return new Map(listed.rules.map(({ id, seen, acted }) => [id, { seen, acted }]));
  }

  /** Disarms every rule. */
  async disarm(): Promise<void> {
    await this.#ask("DELETE", "/faults");
  }

  /** The conservation laws that are broken now, one line each. */
  async brokenLaws(): Promise<readonly string[]> {
    return parseAs(Laws, await this.#ask("GET", "/laws"), "GET /laws").broken;
  }

  /** Closes its connections. */
  close(): void {
    this.#transport.close();
  }
}

const ANSWER_MS_MAX = 60_000;
