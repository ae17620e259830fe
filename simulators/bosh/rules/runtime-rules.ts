import { type Rule, rulesOf } from "./rule.ts";

/** The changes for which a runtime config is refused, at the latest by a deploy that uses it. */
export const RUNTIME_RULES: readonly Rule[] = [
  ...rulesOf(
    "runtime_config/release.rb",
    [
      [
        "RuntimeInvalidReleaseVersion",
        530001,
        "Runtime manifest contains the release 'demo' with version as 'latest'. Please specify the actual version string.",
        { "releases.0.version": "latest" },
      ],
    ],
    "runtime",
  ),
  ...rulesOf(
    "addon/parser.rb",
    [
      [
        "AddonReleaseNotListedInReleases",
        530002,
        "Manifest specifies job 'smoke' which is defined in 'zz', but 'zz' is not listed in the runtime releases section.",
        { "addons.0.jobs.0.release": "zz" },
      ],
    ],
    "runtime",
  ),
  ...rulesOf(
    "addon/filter.rb",
    [
      [
        "AddonIncompleteFilterJobSection",
        530004,
        'Job {"name" => "j"} in runtime config\'s include section must have both name and release.',
        { "addons.0.include": { jobs: [{ name: "j" }] } },
      ],
      [
        "AddonIncompleteFilterStemcellSection",
        530005,
        "Stemcell {} in runtime config's include section must have an os name.",
        { "addons.0.include": { stemcell: [{}] } },
      ],
    ],
    "runtime",
  ),
];
