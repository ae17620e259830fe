import { type RequestRule, requestRules as rules } from "./request-rule.ts";

/** The requests about a deployment or its instances that are refused. */
export const DEPLOYMENT_REQUEST_RULES: readonly RequestRule[] = [
  ...rules("api/deployment_lookup.rb", "uploaded", [[70000, "Deployment 'zz' doesn't exist", "GET /deployments/zz"]]),
  ...rules("api/controllers/deployments_controller.rb", "uploaded", [
    [40001, "Deployment manifest must have a 'name' key", "POST /deployments", "{}"],
    [
      40005,
      "Must pass recreate=true when specifying recreate_vms_created_before",
      "POST /deployments?recreate_vms_created_before=2020-01-01T00:00:00Z",
      "name: y",
    ],
    [
      40005,
      "Invalid RFC 3339 timestamp for recreate_vms_created_before: zz",
      "POST /deployments?recreate=true&recreate_vms_created_before=zz",
      "name: y",
    ],
    [
      190025,
      "Context includes invalid config ID",
      `POST /deployments?context=${encodeURIComponent('{"cloud_config_ids":[99]}')}`,
      "name: y",
    ],
  ]),
  ...rules("api/controllers/deployments_controller.rb", "deployed", [
    [
      40005,
      "Must pass state=recreate when specifying recreate_vms_created_before",
      "PUT /deployments/x/jobs/w?state=restart&recreate_vms_created_before=2020-01-01T00:00:00Z",
      "",
    ],
    [
      40005,
      "Invalid RFC 3339 timestamp for recreate_vms_created_before: zz",
      "PUT /deployments/x/jobs/w?state=recreate&recreate_vms_created_before=zz",
      "",
    ],
    [70002, "Invalid instance index or id 'zz'", "PUT /deployments/x/jobs/w/zz?state=stopped", ""],
  ]),
  ...rules("api/controllers/deployments_controller.rb", "paused", [
    [410004, "Resurrector is paused", "PUT /deployments/x/scan_and_fix", { jobs: {} }],
  ]),
  ...rules("api/instance_lookup.rb", "deployed", [
    [70001, "'x/w/9' doesn't exist", "GET /deployments/x/jobs/w/9"],
    [70001, "'x/w/zz' doesn't exist", "GET /deployments/x/jobs/w/zz"],
    [
      70001,
      'No instances matched {uuid: "zz", job: "w", deployment_id: 1}',
      "GET /deployments/x/jobs/w/zz/logs?type=job",
    ],
    [
      70001,
      'No instances matched {job: "w", index: [9], uuid: ["zz"], deployment_id: 1}',
      "POST /deployments/x/ssh",
      { command: "setup", target: { job: "w", ids: ["9", "zz"] }, params: { user: "a" } },
    ],
  ]),
  ...rules("api/snapshot_manager.rb", "deployed", [
    [70008, "snapshot zz not found", "DELETE /deployments/x/snapshots/zz"],
  ]),
  ...rules("deployment_plan/planner_factory.rb", "deployed", [
    [100, "canaries value should be integer or percent", "PUT /deployments/x/jobs/w?state=started&canaries=few", ""],
  ]),
  ...rules("deployment_plan/instance_planner.rb", "ignored", [
    [
      140021,
      "You are trying to change the state of the ignored instance 'w/{instance}'. This operation is not allowed. You need to unignore it first.",
      "PUT /deployments/x/jobs/w/0?state=stopped",
      "",
    ],
  ]),
  ...rules("deployment_plan/instance_group_spec_parser.rb", "deployed", [
    [
      140007,
      "Invalid state '' for 'w/0', valid states are: started, stopped, detached, recreate, restart",
      "PUT /deployments/x/jobs/w/0",
      "",
    ],
  ]),
];

/** The operations on a deployment that a task refuses. */
export const TASK_RULES: readonly RequestRule[] = [
  ...rules("jobs/attach_disk.rb", "deployed", [
    [
      520001,
      "Instance 'w/0' in deployment 'x' was not found",
      "PUT /disks/zz/attachments?deployment=x&job=w&instance_id=0",
    ],
    [
      520003,
      "Instance 'w/{instance}' in deployment 'x' must be in 'bosh stopped' state",
      "PUT /disks/zz/attachments?deployment=x&job=w&instance_id={instance}",
    ],
  ]),
  ...rules("jobs/attach_disk.rb", "ignored", [
    [
      520003,
      "Instance 'w/{instance}' in deployment 'x' is in 'ignore' state. Attaching disks to ignored instances is not allowed.",
      "PUT /disks/zz/attachments?deployment=x&job=w&instance_id={instance}",
    ],
  ]),
  ...rules("jobs/delete_deployment.rb", "ignored", [
    [
      190021,
      "You are trying to delete deployment 'x', which contains ignored instance(s). Operation not allowed.",
      "DELETE /deployments/x",
    ],
  ]),
  ...rules("jobs/delete_orphan_networks.rb", "uploaded", [
    [16012, "Deleting non-existing network zz", "DELETE /networks/zz"],
  ]),
  ...rules("jobs/cloud_check/apply_resolutions.rb", "deployed", [
    [
      410003,
      "Invalid format for resolutions, Hash expected, Array is given",
      "PUT /deployments/x/problems",
      { resolutions: [] },
    ],
  ]),
  ...rules("jobs/ssh.rb", "detached", [
    [
      100,
      "No instance with a VM in deployment 'x' matched filter {job: \"w\"}",
      "POST /deployments/x/ssh",
      { command: "setup", target: { job: "w", ids: [] }, params: { user: "a" } },
    ],
  ]),
  ...rules("errand/errand_provider.rb", "deployed", [
    [70009, "Errand 'zz' doesn't exist", "POST /deployments/x/errands/zz/runs", {}],
    [
      510000,
      "Instance group 'w' is not an errand. To mark an instance group as an errand set its lifecycle to 'errand' in the deployment manifest.",
      "POST /deployments/x/errands/w/runs",
      {},
    ],
    [
      100,
      'No instances match selection criteria: [{"group" => "zz"}]',
      "POST /deployments/x/errands/smoke/runs",
      { instances: [{ group: "zz" }] },
    ],
  ]),
  ...rules("errand/errand_provider.rb", "stopped", [
    [
      510000,
      "Instance(s) 'w/{instance}' is stopped, unable to run errand. Maybe start vm?",
      "POST /deployments/x/errands/smoke/runs",
      {},
    ],
  ]),
  ...rules("errand/errand_provider.rb", "errand", [
    [
      510000,
      "Filtering by instances is not supported when running errand by instance group name",
      "POST /deployments/x/errands/w/runs",
      { instances: [{ group: "w" }] },
    ],
  ]),
  ...rules("jobs/update_instance.rb", "errand", [
    [
      90000,
      "Isolated stop can not be run on instances of type errand. Try the bosh run-errand command.",
      "POST /deployments/x/instance_groups/w/0/actions/stop",
    ],
  ]),
  ...rules("jobs/update_instance.rb", "ignored", [
    [
      190020,
      "You are trying to change the state of the ignored instance 'w/{instance}'.This operation is not allowed. You need to unignore it first.",
      "POST /deployments/x/instance_groups/w/0/actions/stop",
    ],
  ]),
];
