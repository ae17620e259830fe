import { type Rule, rulesOf } from "./rule.ts";

const PARSER = "deployment_plan/variables_parser.rb";

/** The changes for which the variables and addons of a manifest are refused. */
export const VARIABLE_RULES: readonly Rule[] = [
  ...rulesOf("validation_helper.rb", [
    [
      "ValidationInvalidType",
      40000,
      "Property 'variables' value (5) did not match the required type 'Array'",
      { variables: 5 },
    ],
  ]),
  ...rulesOf(PARSER, [
    ["VariablesInvalidFormat", 560000, "All 'variables' elements should be Hashes", { variables: [5] }],
    [
      "VariablesInvalidFormat",
      560000,
      "At least one of the variables is missing the 'name' key; 'name' must be specified",
      { variables: [{ type: "password" }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "At least one of the variables has an empty 'name'; 'name' must not be empty or nil",
      { variables: [{ name: " ", type: "password" }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Type for variable 'a' is missing; 'type' must be specified",
      { variables: [{ name: "a" }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Type for variable 'a' is nil; 'type' must not be nil",
      { variables: [{ name: "a", type: null }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Type for variable 'a' must be a String, but was '5'",
      { variables: [{ name: "a", type: 5 }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Type for variable 'a' is empty; 'type' must not be empty",
      { variables: [{ name: "a", type: " " }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Consumes for variable 'a' must be a Hash or nil",
      { variables: [{ name: "a", type: "password", consumes: [] }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Some of the variables have duplicate names, eg: 'a'",
      {
        variables: [
          { name: "a", type: "password" },
          { name: "a", type: "password" },
        ],
      },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "options of variable with name 'a' is not a Hash",
      { variables: [{ name: "a", type: "password", options: [] }] },
    ],
    [
      "VariablesInvalidFormat",
      560000,
      "Update mode for variable 'a' must be a String, but was '5'",
      { variables: [{ name: "a", type: "password", update_mode: 5 }] },
    ],
  ]),
  ...rulesOf("links/links_parser.rb", [
    [
      "RuntimeError",
      100,
      "Variable 'a' can not define 'consumes' key for type 'password'",
      { variables: [{ name: "a", type: "password", consumes: { alternative_name: {} } }] },
    ],
    [
      "RuntimeError",
      100,
      "Consumer name 'zz' is not a valid consumer for variable 'a'. Acceptable consumer types are: alternative_name, common_name",
      { variables: [{ name: "a", type: "certificate", consumes: { zz: {} } }] },
    ],
  ]),
  ...rulesOf("config_server/config_server_helper.rb", [
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a b' must only contain alphanumeric, underscores, dashes, or forward slash characters",
      { variables: [{ name: "a b", type: "password" }] },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a/' must not end with a forward slash",
      { variables: [{ name: "a/", type: "password" }] },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a//b' must not contain two consecutive forward slashes",
      { variables: [{ name: "a//b", type: "password" }] },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a.b/c' syntax error: Must not contain dots before the last slash",
      { name: "x", tags: { k: "((a.b/c))" } },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name '.a' syntax error: Must not have segment starting with a dot",
      { tags: { k: "((.a))" } },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a.' syntax error: Must not end name with a dot",
      { tags: { k: "((a.))" } },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a..b' syntax error: Must not contain consecutive dots",
      { tags: { k: "((a..b))" } },
    ],
    [
      "ConfigServerIncorrectNameSyntax",
      540004,
      "Variable name 'a!' contains invalid character '!'. If it is included for spiff, it should only be at the beginning of the name. Note: it will not be considered a part of the name",
      { tags: { k: "((a!))" } },
    ],
  ]),
  ...rulesOf("config_server/config_server_http_client.rb", [
    [
      "ConfigServerDisabledError",
      540009,
      "Failed to generate variable '/reference/x/a' from config server: Director is not configured with a config server",
      { variables: [{ name: "a", type: "password" }] },
    ],
    [
      "ConfigServerDisabledError",
      540009,
      "Failed to fetch variable '/reference/x/a' from config server: Director is not configured with a config server",
      { tags: { k: "((a))" } },
    ],
  ]),
  ...rulesOf("addon/parser.rb", [
    [
      "AddonReleaseNotListedInReleases",
      530002,
      "Manifest specifies job 'j' which is defined in 'zz', but 'zz' is not listed in the deployment releases section.",
      { addons: [{ name: "a", jobs: [{ name: "j", release: "zz" }] }] },
    ],
  ]),
  ...rulesOf("addon/filter.rb", [
    [
      "AddonDeploymentFilterNotAllowed",
      530006,
      "Deployment filter is not allowed for deployment level addons.",
      { addons: [{ name: "a", jobs: [], include: { deployments: ["x"] } }] },
    ],
    [
      "AddonIncompleteFilterJobSection",
      530004,
      'Job {"name" => "j"} in deployment config\'s include section must have both name and release.',
      { addons: [{ name: "a", jobs: [], include: { jobs: [{ name: "j" }] } }] },
    ],
    [
      "AddonIncompleteFilterStemcellSection",
      530005,
      "Stemcell {} in deployment config's exclude section must have an os name.",
      { addons: [{ name: "a", jobs: [], exclude: { stemcell: [{}] } }] },
    ],
  ]),
];
