import { type Rule, rulesOf } from "./rule.ts";

const GROUP = "instance_groups.0";

/** The changes for which an instance group is refused. */
export const GROUP_RULES: readonly Rule[] = [
  ...rulesOf("deployment_plan/instance_group_spec_parser.rb", [
    [
      "JobInvalidLifecycle",
      140011,
      "Invalid lifecycle 'weird' for 'w', valid lifecycle profiles are: service, errand",
      { [`${GROUP}.lifecycle`]: "weird" },
    ],
    [
      "V1DeprecatedTemplate",
      140024,
      "Instance group 'w' specifies template or templates. This is no longer supported, please use jobs instead",
      { [`${GROUP}.template`]: "smoke" },
    ],
    ["ValidationMissingField", 40001, "Instance group 'w' does not specify jobs key", { [`${GROUP}.jobs`]: undefined }],
    [
      "InstanceGroupUnknownRelease",
      140002,
      "Job 'smoke' (instance group 'w') references an unknown release 'zz'",
      { [`${GROUP}.jobs.0.release`]: "zz" },
    ],
    ["ReleaseMissingJob", 140029, "Job 'zz' not found in release 'demo'", { [`${GROUP}.jobs.0.name`]: "zz" }],
    [
      "InstanceGroupInvalidJobs",
      140010,
      "Colocated job 'smoke' is already added to the instance group 'w'",
      { [`${GROUP}.jobs.1`]: { name: "smoke", release: "demo" } },
    ],
    [
      "V1DeprecatedDiskPools",
      140027,
      "`persistent_disk_pool` is not supported as an `instance_groups` key. Please use `persistent_disk_type` instead.",
      { [`${GROUP}.persistent_disk_pool`]: "d1" },
    ],
    [
      "InstanceGroupInvalidPersistentDisk",
      140013,
      "Instance group 'w' specifies more than one of the following keys: 'persistent_disk', 'persistent_disk_type', and 'persistent_disks'. Choose one.",
      { [`${GROUP}.persistent_disk`]: 1, [`${GROUP}.persistent_disk_type`]: "d1" },
    ],
    [
      "InstanceGroupInvalidPersistentDisk",
      140013,
      "Instance group 'w' references an invalid persistent disk size '-1'",
      { [`${GROUP}.persistent_disk`]: -1 },
    ],
    [
      "InstanceGroupUnknownDiskType",
      140012,
      "Instance group 'w' references an unknown disk type 'zz'",
      { [`${GROUP}.persistent_disk_type`]: "zz" },
    ],
    [
      "InstanceGroupInvalidPersistentDisk",
      140013,
      "Instance group 'w' persistent_disks's section contains duplicate names",
      {
        [`${GROUP}.persistent_disks`]: [
          { name: "a", type: "d1" },
          { name: "a", type: "d2" },
        ],
      },
    ],
    [
      "InstanceGroupUnknownDiskType",
      140012,
      "Instance group 'w' persistent_disks's section references an unknown disk type 'zz'",
      { [`${GROUP}.persistent_disks`]: [{ name: "a", type: "zz" }] },
    ],
    [
      "InstanceGroupInvalidPersistentDisk",
      140013,
      "Instance group 'w' persistent_disks's section contains a disk with no name",
      { [`${GROUP}.persistent_disks`]: [{ name: " ", type: "d1" }] },
    ],
    [
      "InstanceGroupUnknownStemcell",
      140005,
      "Instance group 'w' references an unknown stemcell 'zz'",
      { [`${GROUP}.stemcell`]: "zz" },
    ],
    [
      "V1DeprecatedResourcePool",
      140025,
      "Instance groups no longer support resource_pool, please use 'vm_type' or 'vm_resources' keys",
      { [`${GROUP}.resource_pool`]: "p" },
    ],
    [
      "InstanceGroupBadVmConfiguration",
      140022,
      "Instance group 'w' is missing either 'vm_type' or 'vm_resources' section.",
      { [`${GROUP}.vm_type`]: undefined },
    ],
    [
      "InstanceGroupBadVmConfiguration",
      140022,
      "Instance group 'w' can only specify 'vm_type' or 'vm_resources' keys.",
      { [`${GROUP}.vm_resources`]: { cpu: 1, ram: 1, ephemeral_disk_size: 1 } },
    ],
    [
      "InstanceGroupUnknownVmType",
      140004,
      "Instance group 'w' references an unknown vm type 'zz'",
      { [`${GROUP}.vm_type`]: "zz" },
    ],
    [
      "InstanceGroupInvalidState",
      140008,
      "Invalid state 'zz' for 'w', valid states are: started, stopped, detached, recreate, restart",
      { [`${GROUP}.state`]: "zz" },
    ],
    [
      "InstanceGroupInvalidInstanceState",
      140007,
      "Invalid state 'zz' for 'w/0', valid states are: started, stopped, detached, recreate, restart",
      { [`${GROUP}.instance_states`]: { 0: "zz" } },
    ],
    [
      "InstanceGroupNetworkInstanceIpMismatch",
      150002,
      "Instance group 'w' has 1 instances but was allocated 2 static IPs in network 'default'",
      { [`${GROUP}.networks.0.static_ips`]: ["10.10.1.100-10.10.1.101"] },
    ],
    [
      "DeploymentInvalidMigratedFromJob",
      190018,
      "Instance group 'old' specified for migration to instance group 'w' refers to availability zone 'z2'. Az 'z2' is not in the list of availability zones of instance group 'w'.",
      { [`${GROUP}.migrated_from`]: [{ name: "old", az: "z2" }] },
    ],
  ]),
  ...rulesOf("deployment_plan/cloud_planner.rb", [
    [
      "RuntimeError",
      100,
      "The vm_extension 'zz' has not been configured in cloud-config.",
      { [`${GROUP}.vm_extensions`]: ["zz"] },
    ],
  ]),
  ...rulesOf("deployment_plan/update_config.rb", [
    [
      "UpdateConfigInvalidWatchTime",
      180001,
      "Watch time should be an integer or a range of two integers",
      { "update.canary_watch_time": "soon" },
    ],
    [
      "UpdateConfigInvalidWatchTime",
      180001,
      "Min watch time cannot be greater than max watch time",
      { "update.update_watch_time": "2-1" },
    ],
    [
      "ValidationInvalidValue",
      40005,
      "Invalid vm_strategy 'zz', valid strategies are: create-swap-delete, delete-create",
      { "update.vm_strategy": "zz" },
    ],
    [
      "ValidationInvalidValue",
      40005,
      "Invalid initial_deploy_az_update_strategy 'zz', valid strategies are: 'parallel, serial'",
      { "update.initial_deploy_az_update_strategy": "zz" },
    ],
  ]),
  ...rulesOf("numerical_value_calculator.rb", [
    ["RuntimeError", 100, "cannot be calculated", { name: "y", "update.canaries": "few" }],
  ]),
];
