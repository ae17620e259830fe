import { type Rule, rulesOf } from "./rule.ts";

const GROUP = "instance_groups.0";

const GROUP_TEXT =
  '{"name" => "w", "azs" => ["z1"], "jobs" => [{"name" => "smoke", "release" => "demo"}], "vm_type" => "small", "stemcell" => "default", "networks" => [{"name" => "default"}]}';

const copyOf = (name: string): object => ({
  name,
  instances: 1,
  azs: ["z1"],
  jobs: [],
  vm_type: "small",
  stemcell: "default",
  networks: [{ name: "default" }],
});

/** The changes for which a manifest as a whole is refused. */
export const MANIFEST_RULES: readonly Rule[] = [
  ...rulesOf("deployment_plan/manifest_validator.rb", [
    [
      "V1DeprecatedNetworks",
      140026,
      "Deployment 'networks' are no longer supported. Network definitions must now be provided in a cloud-config.",
      { networks: [] },
    ],
    [
      "V1DeprecatedDiskPools",
      140027,
      "disk_pools is no longer supported. Disk definitions must now be provided as disk_types in a cloud-config",
      { disk_pools: [] },
    ],
    ["V1DeprecatedJob", 140023, "Jobs are no longer supported, please use instance groups instead", { jobs: [] }],
    [
      "V1DeprecatedResourcePools",
      140028,
      "resource_pools is no longer supported. You must now define resources in a cloud-config",
      { resource_pools: [] },
    ],
  ]),
  ...rulesOf("validation_helper.rb", [
    [
      "ValidationInvalidType",
      40000,
      "Property 'instances' value (\"1\") did not match the required type 'Integer'",
      { [`${GROUP}.instances`]: "1" },
    ],
    [
      "ValidationMissingField",
      40001,
      `Required property 'instances' was not specified in object (${GROUP_TEXT})`,
      { [`${GROUP}.instances`]: undefined },
    ],
    ["ValidationInvalidType", 40000, "Object (5) did not match the required type 'Hash'", { "releases.0": 5 }],
  ]),
  ...rulesOf("deployment_plan/deployment_spec_parser.rb", [
    [
      "StemcellAliasAlreadyExists",
      50005,
      "Duplicate stemcell alias 'default'",
      { "stemcells.1": { alias: "default", os: "tiny-os", version: "1.1" } },
    ],
    [
      "DeploymentAmbiguousReleaseSpec",
      190001,
      "Deployment manifest contains both 'release' and 'releases' sections, please use one of the two.",
      { release: { name: "demo", version: "1" } },
    ],
  ]),
  ...rulesOf("deployment_plan/planner.rb", [
    [
      "DeploymentDuplicateReleaseName",
      190002,
      "Duplicate release name 'demo'",
      { "releases.1": { name: "demo", version: "1" } },
    ],
    [
      "DeploymentCanonicalJobNameTaken",
      190006,
      "Invalid instance group name 'W', canonical name already taken",
      { "instance_groups.1": copyOf("W") },
    ],
  ]),
  ...rulesOf("deployment_plan/deployment_validator.rb", [
    [
      "DeploymentInvalidResourceSpecification",
      190019,
      "'stemcells' needs to be specified",
      { stemcells: [], instance_groups: [] },
    ],
  ]),
  ...rulesOf("deployment_plan/stemcell.rb", [
    [
      "ValidationMissingField",
      40001,
      'Required property \'os\' or \'name\' was not specified in object ({"alias" => "default", "version" => "1.1"})',
      { "stemcells.0.os": undefined },
    ],
  ]),
  ...rulesOf("deployment_plan/deployment_features_parser.rb", [
    [
      "FeaturesInvalidFormat",
      560001,
      "Key 'use_dns_addresses' in 'features' expected to be a boolean, but received 'String'",
      { features: { use_dns_addresses: "yes" } },
    ],
    [
      "IncompatibleFeatures",
      210001,
      "cannot enable `use_link_dns_names` when `use_short_dns_addresses` is explicitly disabled",
      { features: { use_link_dns_names: true, use_short_dns_addresses: false } },
    ],
    [
      "IncompatibleFeatures",
      210001,
      "cannot enable `use_link_dns_names` when `use_dns_addresses` is explicitly disabled",
      { features: { use_link_dns_names: true, use_dns_addresses: false } },
    ],
  ]),
  ...rulesOf("deployment_plan/job_migrator.rb", [
    [
      "DeploymentInvalidMigratedFromJob",
      190018,
      "Failed to migrate instance group 'v' to 'w'. A deployment can not migrate an instance group and also specify it. Please remove instance group 'v'.",
      { [`${GROUP}.migrated_from`]: [{ name: "v" }], "instance_groups.1": copyOf("v") },
    ],
    [
      "DeploymentInvalidMigratedFromJob",
      190018,
      "Failed to migrate instance group 'old' to 'w'. An instance group may be migrated to only one instance group.",
      {
        [`${GROUP}.migrated_from`]: [{ name: "old" }],
        "instance_groups.1": { ...copyOf("v"), migrated_from: [{ name: "old" }] },
      },
    ],
  ]),
  ...rulesOf("api/release_manager.rb", [
    ["ReleaseVersionNotFound", 30006, "Release version 'demo/9' doesn't exist", { "releases.0.version": "9" }],
    ["ReleaseNotFound", 30005, "Release 'zz' doesn't exist", { "releases.1": { name: "zz", version: "1" } }],
    ["ReleaseVersionInvalid", 30010, "Release version invalid: a b", { "releases.0.version": "a b" }],
  ]),
  ...rulesOf("api/stemcell_manager.rb", [
    ["StemcellNotFound", 50003, "Stemcell version '9' for OS 'tiny-os' doesn't exist", { "stemcells.0.version": "9" }],
    [
      "StemcellNotFound",
      50003,
      "Stemcell with Operating System 'zz' doesn't exist",
      { "stemcells.0": { alias: "default", os: "zz", version: "latest" } },
    ],
    [
      "StemcellNotFound",
      50003,
      "Stemcell 'zz' doesn't exist",
      { "stemcells.0": { alias: "default", name: "zz", version: "latest" } },
    ],
    [
      "StemcellNotFound",
      50003,
      "Stemcell with Operating System 'tiny-os' exists, but version with prefix '9' not found.",
      { "stemcells.0.version": "9.latest" },
    ],
  ]),
];
