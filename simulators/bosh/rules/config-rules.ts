import { type Rule, rulesOf } from "./rule.ts";

const SUBNET = "networks.0.subnets.0";

/** The changes for which a cloud config is refused, at the latest by a deploy that uses it. */
export const CONFIG_RULES: readonly Rule[] = [
  ...rulesOf(
    "deployment_plan/cloud_manifest_parser.rb",
    [
      ["DeploymentDuplicateAvailabilityZoneName", 190017, "Duplicate az name 'z1'", { "azs.1.name": "z1" }],
      ["DeploymentNoNetworks", 190008, "No networks specified", { networks: [] }],
      ["DeploymentInvalidNetworkType", 190010, "Invalid network type 'zz'", { "networks.0.type": "zz" }],
      [
        "DeploymentCanonicalNetworkNameTaken",
        190007,
        "Invalid network name 'Default', canonical name already taken",
        { "networks.1.name": "Default" },
      ],
      [
        "CompilationConfigUnknownNetwork",
        120001,
        "Compilation config references an unknown network 'zz'",
        { "compilation.network": "zz" },
      ],
      [
        "JobNetworkMissingRequiredAvailabilityZone",
        150006,
        "Compilation config refers to az 'z2' but network 'second' has no matching subnet(s).",
        { "compilation.az": "z2", "compilation.network": "second" },
      ],
      ["DeploymentDuplicateVmTypeName", 190004, "Duplicate vm type name 'small'", { "vm_types.1.name": "small" }],
      [
        "DeploymentDuplicateVmExtensionName",
        190005,
        "Duplicate vm extension name 'public'",
        { "vm_extensions.1": { name: "public" } },
      ],
      ["DeploymentDuplicateDiskTypeName", 190013, "Duplicate disk type name 'd1'", { "disk_types.1.name": "d1" }],
    ],
    "cloud",
  ),
  ...rulesOf(
    "deployment_plan/manual_network.rb",
    [
      [
        "NetworkOverlappingSubnets",
        160001,
        "Network 'default' has overlapping subnets",
        { "networks.0.subnets.1.range": "10.10.1.0/25", "networks.0.subnets.1.gateway": "10.10.1.1" },
      ],
      [
        "NetworkPrefixSizesDiffer",
        16014,
        "Network 'default' has subnets that define different prefixes",
        {
          [`${SUBNET}.prefix`]: 28,
          [`${SUBNET}.static`]: [],
          "networks.0.subnets.1.prefix": 30,
          "networks.0.subnets.2": { range: "10.10.3.0/24", gateway: "10.10.3.1", az: "z1" },
        },
      ],
      [
        "JobInvalidAvailabilityZone",
        140016,
        "Subnets on network 'default' must all either specify availability zone or not",
        { "networks.0.subnets.1.az": undefined },
      ],
    ],
    "cloud",
  ),
  ...rulesOf(
    "deployment_plan/manual_network_subnet.rb",
    [
      [
        "NetworkInvalidRange",
        160002,
        "Invalid network range '10.10.1.0/32', should include at least 2 IPs",
        { [`${SUBNET}.range`]: "10.10.1.0/32" },
      ],
      [
        "NetworkReservedIpOutOfRange",
        160005,
        "Reserved IP '10.9.9.9/32' is out of network 'default' range",
        { [`${SUBNET}.reserved`]: ["10.9.9.9"] },
      ],
      [
        "NetworkStaticIpOutOfRange",
        160006,
        "Static IP '10.10.1.9/32' is in network 'default' reserved range",
        { [`${SUBNET}.reserved`]: ["10.10.1.9"], [`${SUBNET}.static`]: ["10.10.1.9"] },
      ],
      [
        "NetworkStaticIpOutOfRange",
        160006,
        "Static IP '10.9.9.9/32' is out of network 'default' range",
        { [`${SUBNET}.static`]: ["10.9.9.9"] },
      ],
      [
        "NetworkPrefixSizeTooBig",
        16013,
        "Prefix size '20' is larger than range prefix '24'",
        { [`${SUBNET}.prefix`]: 20 },
      ],
      [
        "NetworkInvalidGateway",
        160003,
        "Invalid gateway for network 'default': must be inside the range",
        { [`${SUBNET}.gateway`]: "10.9.9.9" },
      ],
    ],
    "cloud",
  ),
  ...rulesOf(
    "deployment_plan/dynamic_network.rb",
    [
      [
        "NetworkInvalidProperty",
        160008,
        "Network 'dynamic' must not specify 'dns' when also specifying 'subnets'. Instead, 'dns' should be specified on subnet entries.",
        { "networks.2.subnets": [{}], "networks.2.dns": ["10.0.0.1"] },
      ],
      [
        "NetworkInvalidProperty",
        160008,
        "Network 'dynamic' contains both 'az' and 'azs'. Choose one.",
        { "networks.2.subnets": [{ az: "z1", azs: ["z1"] }] },
      ],
      [
        "NetworkInvalidProperty",
        160008,
        "Network 'dynamic' refers to an empty 'azs' array",
        { "networks.2.subnets": [{ azs: [] }] },
      ],
      [
        "NetworkSubnetUnknownAvailabilityZone",
        160007,
        "Network 'dynamic' refers to an unknown availability zone 'zz'",
        { "networks.2.subnets": [{ az: "zz" }] },
      ],
    ],
    "cloud",
  ),
  ...rulesOf(
    "deployment_plan/subnet.rb",
    [
      [
        "NetworkInvalidProperty",
        160008,
        "Network 'default' contains both 'az' and 'azs'. Choose one.",
        { [`${SUBNET}.azs`]: ["z1"] },
      ],
      [
        "NetworkInvalidProperty",
        160008,
        "Network 'default' refers to an empty 'azs' array",
        { [`${SUBNET}.azs`]: [], [`${SUBNET}.az`]: undefined },
      ],
      [
        "NetworkSubnetUnknownAvailabilityZone",
        160007,
        "Network 'default' refers to an unknown availability zone 'zz'",
        { [`${SUBNET}.az`]: "zz" },
      ],
    ],
    "cloud",
  ),
  ...rulesOf(
    "deployment_plan/compilation_config.rb",
    [
      [
        "CompilationConfigInvalidAvailabilityZone",
        120002,
        "Compilation config references unknown az 'zz'. Known azs are: [z1, z2]",
        { "compilation.az": "zz" },
      ],
      [
        "CompilationConfigBadVmConfiguration",
        120007,
        "Compilation config specifies more than one of 'vm_type', 'vm_resources', or 'cloud_properties', only one is allowed.",
        { "compilation.cloud_properties": { a: 1 } },
      ],
      [
        "CompilationConfigInvalidVmType",
        120003,
        "Compilation config references unknown vm type 'zz'. Known vm types are: small, large",
        { "compilation.vm_type": "zz" },
      ],
      [
        "CompilationConfigInvalidVmExtension",
        120005,
        "Compilation config references unknown vm extension 'zz'. Known vm extensions are: public",
        { "compilation.vm_extensions": ["zz"] },
      ],
      [
        "CompilationConfigBadVmConfiguration",
        120007,
        "Compilation config is using vm extension 'public' and must configure a vm type or vm_resources block.",
        { "compilation.vm_type": undefined, "compilation.vm_extensions": ["public"] },
      ],
    ],
    "cloud",
  ),
  ...rulesOf(
    "deployment_plan/disk_type.rb",
    [
      [
        "DiskTypeInvalidDiskSize",
        200001,
        "Disk types 'd1' references an invalid persistent disk size '-1'",
        { "disk_types.0.disk_size": -1 },
      ],
    ],
    "cloud",
  ),
  ...rulesOf(
    "validation_helper.rb",
    [["ValidationViolatedMin", 40002, "'workers' value (0) should be greater than 1", { "compilation.workers": 0 }]],
    "cloud",
  ),
];
