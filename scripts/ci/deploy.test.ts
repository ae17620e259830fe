import { readFileSync } from "node:fs";
import Type from "typebox";
import { Value } from "typebox/value";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { createProgram } from "../../cli/program.ts";

const read = (name: string): unknown => parse(readFileSync(new URL(`../../deploy/${name}`, import.meta.url), "utf8"));

const closed = { additionalProperties: false } as const;
const Labels = Type.Record(Type.String(), Type.String());
const Count = Type.Integer({ minimum: 0 });

const Env = Type.Object(
  {
    name: Type.String(),
    valueFrom: Type.Object({ secretKeyRef: Type.Object({ name: Type.String(), key: Type.String() }, closed) }, closed),
  },
  closed,
);

const Container = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" }),
    image: Type.String(),
    args: Type.Array(Type.String()),
    env: Type.Array(Env),
    resources: Type.Object(
      { requests: Type.Record(Type.String(), Type.String()), limits: Type.Record(Type.String(), Type.String()) },
      closed,
    ),
    securityContext: Type.Object(
      {
        allowPrivilegeEscalation: Type.Literal(false),
        runAsNonRoot: Type.Literal(true),
        capabilities: Type.Object({ drop: Type.Array(Type.String()) }, closed),
      },
      closed,
    ),
  },
  closed,
);

const Rule = Type.Object(
  {
    action: Type.Enum(["FailJob", "FailIndex", "Ignore", "Count"]),
    onPodConditions: Type.Optional(
      Type.Array(Type.Object({ type: Type.String(), status: Type.Enum(["True", "False", "Unknown"]) }, closed)),
    ),
    onExitCodes: Type.Optional(
      Type.Object(
        { containerName: Type.String(), operator: Type.Enum(["In", "NotIn"]), values: Type.Array(Type.Integer()) },
        closed,
      ),
    ),
  },
  closed,
);

/** The part of batch/v1 Job that the manifest uses (kubernetes.io, "Job"), closed, so that a misspelt member is found. */
const Job = Type.Object(
  {
    apiVersion: Type.Literal("batch/v1"),
    kind: Type.Literal("Job"),
    metadata: Type.Object({ name: Type.String(), labels: Labels }, closed),
    spec: Type.Object(
      {
        completionMode: Type.Literal("Indexed"),
        completions: Type.Integer({ minimum: 1 }),
        parallelism: Type.Integer({ minimum: 1, maximum: 100_000 }),
        backoffLimitPerIndex: Count,
        maxFailedIndexes: Count,
        ttlSecondsAfterFinished: Count,
        activeDeadlineSeconds: Count,
        podFailurePolicy: Type.Object({ rules: Type.Array(Rule, { maxItems: 20 }) }, closed),
        template: Type.Object(
          {
            metadata: Type.Object({ labels: Labels }, closed),
            spec: Type.Object(
              {
                // Required by the pod failure policy.
                restartPolicy: Type.Literal("Never"),
                automountServiceAccountToken: Type.Boolean(),
                containers: Type.Array(Container, { minItems: 1 }),
              },
              closed,
            ),
          },
          closed,
        ),
      },
      closed,
    ),
  },
  closed,
);

/** The part of the Compose specification that the file uses. */
const Compose = Type.Object(
  {
    services: Type.Record(
      Type.String(),
      Type.Object(
        {
          image: Type.Optional(Type.String()),
          build: Type.Optional(Type.Object({ context: Type.String(), dockerfile: Type.String() }, closed)),
          command: Type.Optional(Type.Array(Type.String())),
          restart: Type.Optional(Type.Enum(["no", "always", "on-failure", "unless-stopped"])),
          environment: Type.Record(Type.String(), Type.String()),
          ports: Type.Optional(Type.Array(Type.String())),
          healthcheck: Type.Union([
            Type.Object({ disable: Type.Boolean() }, closed),
            Type.Object(
              { test: Type.Array(Type.String()), interval: Type.String(), timeout: Type.String(), retries: Count },
              closed,
            ),
          ]),
          depends_on: Type.Optional(
            Type.Record(
              Type.String(),
              Type.Object(
                { condition: Type.Enum(["service_started", "service_healthy", "service_completed_successfully"]) },
                closed,
              ),
            ),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** The options of a command by flag. */
const flagsOf = (command: string): readonly string[] =>
  createProgram()
    .commands.find((each) => each.name() === command)
    ?.options.map(({ long }) => long ?? "") ?? [];

it("the manifest for Kubernetes is a Job whose pods run an existing command", () => {
  const job = read("kubernetes.yml");
  expect([...Value.Errors(Job, job)].slice(0, 3)).toEqual([]);
  const { containers } = Value.Parse(Job, job).spec.template.spec;
  const [command = "", ...args] = containers[0]?.args ?? [];
  const flags = args.filter((each) => each.startsWith("--"));
  expect(flagsOf(command)).toEqual(expect.arrayContaining(flags));
  expect(Value.Check(Job, { ...(job as object), spec: {} })).toBe(false);
});

it("the compose file has a queue, workers that wait for the queue, and no password", () => {
  const compose = read("compose.yml");
  expect([...Value.Errors(Compose, compose)].slice(0, 3)).toEqual([]);
  const { services } = Value.Parse(Compose, compose);
  expect(flagsOf(services["worker"]?.command?.[0] ?? "")).toContain("--queue");
  expect(Object.keys(services["worker"]?.depends_on ?? {})).toEqual(["queue"]);
  expect(JSON.stringify(compose)).not.toMatch(/PASSWORD":"(?!\$\{)/);
});
