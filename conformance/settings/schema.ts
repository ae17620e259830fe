import Type, { type Static } from "typebox";
import { BackupSection } from "./backup-section.ts";
import { CertifySection, CloudSection, LoadSection, TargetSection } from "./command-sections.ts";
import { FiguresSection } from "./figures-section.ts";
import { DataSection } from "./data-section.ts";
import { FreeMapping, isHttpUrl, MappingOf, Section } from "./vocabulary.ts";

/**
 * The schema of `drydock.yml`, from which validation, the TypeScript type, the documentation and the
 * completion of editors all derive. Besides the keywords of JSON Schema, it uses three of its own:
 *
 * - `expected`: what a value must be, in words that follow "must be"; error messages and the documentation say it.
 * - `fallback`: in words, what applies if the key is left out and there is no `default`.
 * - `keyName`: what a key of a free mapping stands for, in the documentation.
 */

const PlanParameters = Type.Object(
  {
    provision: FreeMapping({
      description: "Parameters of requests that create an instance of the plan.",
      examples: [{ region: "eu" }],
    }),
    update: FreeMapping({
      description: "Parameters of requests that change an instance of the plan.",
      examples: [{ region: "us" }],
    }),
    bind: FreeMapping({ description: "Parameters of requests that create a binding.", examples: [{ role: "reader" }] }),
  },
  { additionalProperties: false, expected: "a mapping", description: "Parameters by kind of request." },
);

const HookForm = (description: string, example: string) =>
  Type.Union(
    [
      Type.Object(
        { command: Type.String({ minLength: 1, expected: "a command line" }) },
        { additionalProperties: false },
      ),
      Type.Object(
        {
          url: Type.Refine(Type.String({ minLength: 1, expected: "an http or https URL" }), isHttpUrl),
        },
        { additionalProperties: false },
      ),
    ],
    {
      description,
      expected: "a mapping with either a command or a url",
      examples: [{ url: `http://127.0.0.1:9000/${example}` }, { command: `./${example}.sh` }],
    },
  );

const Hook = (description: string, example: string) => Type.Optional(HookForm(description, example));

/** The schema of a whole drydock.yml. */
export const DRYDOCK_SCHEMA = Type.Object(
  {
    parameters: MappingOf(
      "SERVICE",
      Type.Record(Type.String(), PlanParameters, {
        keyName: "PLAN",
        expected: "a mapping",
        description: "By plan name or id; `*` stands for any.",
      }),
      { description: "Parameters that the broker needs, by service name or id; `*` stands for any." },
    ),
    context: FreeMapping({
      description: "Merged into the context of requests.",
      examples: [{ platform: "kubernetes", namespace: "ci" }],
    }),
    headers: MappingOf(
      "NAME",
      Type.Union([Type.String(), Type.Number(), Type.Boolean()], { expected: "a text, a number, true or false" }),
      { description: "Headers sent with each request to the broker.", examples: [{ "X-Tenant": "conformance" }] },
    ),
    hooks: Section(
      {
        hold: Hook("Keeps operations in progress until `release`.", "hold"),
        release: Hook("Lets operations that were held go on.", "release"),
        fail: Hook("Makes the next operations fail until `heal`.", "fail"),
        heal: Hook("Ends what `fail` began.", "heal"),
        faults: MappingOf("FAULT", HookForm("Breaks one thing, and repairs it.", "fault"), {
          description:
            "Break one thing each, by the names in the plans of the suites `backup` and `isolation`. A command gets DRYDOCK_INSTANCE, and DRYDOCK_PHASE `begin` or `end`; a URL gets `instance` and `phase` as JSON.",
          examples: [{ "store-error": { command: "./break-store.sh" } }],
        }),
        looks: MappingOf("LOOK", HookForm("Looks where only an operator can.", "look"), {
          description:
            "Print what only an operator sees, line by line, by the names in the plans. A command gets DRYDOCK_INSTANCE; a URL gets `instance` as JSON and answers the lines.",
          examples: [{ store: { command: "./objects.sh" } }],
        }),
      },
      {
        description:
          "Make the backend slow or broken on purpose: a command line, or a URL that is POSTed to. Each may take 30 s. Without them, checks of what is in flight run where the broker is slow enough by itself.",
      },
    ),
    backup: BackupSection,
    figures: FiguresSection,
    data: DataSection,
    target: TargetSection,
    certify: CertifySection,
    cloud: CloudSection,
    load: LoadSection,
  },
  { additionalProperties: false, expected: "a mapping" },
);

/** A drydock.yml as its author wrote it. */
export type DrydockInput = Static<typeof DRYDOCK_SCHEMA>;
/** The sections that hold options of commands. */
export type CommandSections = {
  readonly [section in "target" | "certify" | "cloud" | "load"]: DrydockInput[section] | undefined;
};
/** Parameters that a broker needs for a plan, by kind of request. */
export type PlanParameters = Static<typeof PlanParameters>;
/** The section `backup` as its author wrote it. */
export type BackupSettings = NonNullable<DrydockInput["backup"]>;
/** A line such as `GET /path`, or its parts. */
export type RequestSetting = NonNullable<BackupSettings["create"]>;
/** A command line or a URL (POST) that makes the vendor's backend do something on purpose. */
export type Hook = NonNullable<NonNullable<DrydockInput["hooks"]>["hold"]>;
