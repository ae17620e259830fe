import { type Rule, rulesOf } from "./rule.ts";

const GROUP = "instance_groups.0";

/** The changes for which the networks and zones of an instance group are refused. */
export const NETWORK_RULES: readonly Rule[] = [
  ...rulesOf("deployment_plan/instance_group_networks_parser.rb", [
    [
      "JobMissingNetwork",
      140009,
      "Instance group 'w' must specify at least one network",
      { [`${GROUP}.networks`]: [] },
    ],
    [
      "JobUnknownNetwork",
      150001,
      "Instance group 'w' references an unknown network 'zz'",
      { [`${GROUP}.networks.0.name`]: "zz" },
    ],
    [
      "JobInvalidStaticIPs",
      150009,
      "Instance group 'w' specifies static IP '10.10.1.100/32' more than once",
      { [`${GROUP}.networks.0.static_ips`]: ["10.10.1.100", "10.10.1.100"] },
    ],
    [
      "JobNetworkInvalidDefault",
      150003,
      "Instance group 'w' specified an invalid default network property 'zz', valid properties are: dns, gateway",
      { [`${GROUP}.networks.0.default`]: ["zz"] },
    ],
    [
      "JobNetworkMultipleDefaults",
      150004,
      "Instance group 'w' specified more than one network to contain default. 'dns' has default networks: 'default', 'second'. 'gateway' has default networks: 'default', 'second'.",
      {
        [`${GROUP}.networks`]: [
          { name: "default", default: ["dns", "gateway"] },
          { name: "second", default: ["dns", "gateway"] },
        ],
      },
    ],
    [
      "JobNetworkMissingDefault",
      150005,
      "Instance group 'w' must specify which network is default for dns, gateway, since it has more than one network configured",
      { [`${GROUP}.networks.1`]: { name: "second" } },
    ],
  ]),
  ...rulesOf("deployment_plan/dynamic_network.rb", [
    [
      "JobStaticIPNotSupportedOnDynamicNetwork",
      150008,
      "Instance group 'w' using dynamic network 'dynamic' cannot specify static IP(s)",
      { [`${GROUP}.networks.0`]: { name: "dynamic", static_ips: ["10.10.1.100"] } },
    ],
  ]),
  ...rulesOf("deployment_plan/instance_group_availability_zone_parser.rb", [
    [
      "JobNetworkMissingRequiredAvailabilityZone",
      150006,
      "Instance group 'w' must specify availability zone that matches availability zones of network 'default'",
      { [`${GROUP}.azs`]: undefined },
    ],
    [
      "JobMissingAvailabilityZones",
      140017,
      "Instance group 'w' has empty availability zones",
      { [`${GROUP}.azs`]: [], [`${GROUP}.networks.0.name`]: "dynamic" },
    ],
    [
      "JobInvalidAvailabilityZone",
      140016,
      "Instance group 'w' has invalid availability zone '5', string expected",
      { [`${GROUP}.azs`]: [5], [`${GROUP}.networks.0.name`]: "vip" },
    ],
    [
      "JobUnknownAvailabilityZone",
      140018,
      "Instance group 'w' references unknown availability zone 'zz'",
      { [`${GROUP}.azs`]: ["zz"], [`${GROUP}.networks.0.name`]: "vip" },
    ],
  ]),
  ...rulesOf("ip_util.rb", [
    [
      "NetworkInvalidIpRangeFormat",
      160010,
      "Invalid IP or CIDR format: zz",
      { [`${GROUP}.networks.0.static_ips`]: ["zz"] },
    ],
  ]),
  ...rulesOf("deployment_plan/placement_planner/networks_to_static_ips.rb", [
    [
      "InstanceGroupNetworkInstanceIpMismatch",
      150002,
      "Instance group 'w' with network 'default' declares static ip '10.9.9.9/32', which belongs to no subnet",
      { [`${GROUP}.networks.0.static_ips`]: ["10.9.9.9"] },
    ],
    [
      "JobStaticIpsFromInvalidAvailabilityZone",
      150007,
      "Instance group 'w' declares static ip '10.10.1.100/32' which does not belong to any of the instance group's availability zones.",
      { [`${GROUP}.azs`]: ["z2"], [`${GROUP}.networks.0.static_ips`]: ["10.10.1.100"] },
    ],
  ]),
  ...rulesOf("deployment_plan/network_planner/vip_planner.rb", [
    [
      "NetworkReservationVipMisconfigured",
      130014,
      "IPs cannot be specified in both the instance group and the cloud config",
      {
        [`${GROUP}.networks`]: [
          { name: "default", default: ["dns", "gateway"] },
          { name: "pool", static_ips: ["1.2.3.4"] },
        ],
      },
    ],
  ]),
];
