import type { Slip } from "./slip.ts";

/** Slips in the dumps and access rules of data services, and in the scenarios and their laws. */
export const SCENARIO_SLIPS: readonly Slip[] = [
  {
    id: "dataservices-dump-unverified",
    breaks: "a dump whose checksum differs is refused",
    file: "simulators/dataservices/wire/dump.ts",
    from: "if (!isWhole && !isTrusting)",
    to: "if (!isWhole && isTrusting)",
    tests: ["simulators/dataservices/wire"],
  },
  {
    id: "dataservices-scram-server-key",
    breaks: "a verifier holds the server key that PostgreSQL stores",
    file: "simulators/dataservices/wire/scram.ts",
    from: '"Server Key"',
    to: '"Server key"',
    tests: ["simulators/dataservices/wire"],
  },
  {
    id: "dataservices-gate-keeps-closed-rules",
    breaks: "a removed rule ends the connections that it had admitted",
    file: "simulators/dataservices/live/gated-listener.ts",
    from: "if (!this.#options.admits(source)) resetConnection(client);\n  }",
    to: "if (!this.#options.admits(source)) void client;\n  }",
    tests: ["simulators/dataservices/live/gated"],
  },
  {
    id: "scenarios-refusal-read-as-open",
    breaks: "only a 5xx leaves the outcome open",
    file: "scenarios/reference/platform/reading.ts",
    from: "answer.status >= 500",
    to: "answer.status >= 400",
    tests: ["scenarios/reference/platform"],
  },
  {
    id: "scenarios-idle-while-restored",
    breaks: "an instance that is being restored is not idle",
    file: "scenarios/reference/model.ts",
    from: "instance.restore === undefined &&\n",
    to: "",
    tests: ["scenarios/reference/model"],
  },
  {
    id: "scenarios-law-of-guard-groups",
    breaks: "an instance that is open without a binding breaks a law",
    file: "scenarios/laws/guard.ts",
    from: "if (isOpen && record.bindings.length === 0)",
    to: "if (isOpen && record.bindings.length < 0)",
    tests: ["scenarios/laws"],
  },
];
