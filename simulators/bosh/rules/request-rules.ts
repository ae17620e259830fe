import type { Fields } from "../configs/fields.ts";

/** A state of the director in which a request is refused. */
export type Preparation = "uploaded" | "deployed" | "stopped" | "detached" | "ignored" | "paused" | "errand";

/** A request that the director refuses: at once, or by the task that it starts. */
export interface RequestRule {
  /** The file below bosh-director's lib/bosh/director. */
  readonly source: string;
  readonly code: number;
  /** The whole text. `{uuid}` stands for the director's own, `{instance}` for the id of the first instance. */
  readonly text: string;
  /** Method and path. */
  readonly request: string;
  /** A text is sent as YAML, all else as JSON. */
  readonly body?: string | Fields | readonly unknown[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly before: Preparation;
}

type Row = readonly [
  code: number,
  text: string,
  request: string,
  body?: RequestRule["body"],
  more?: Pick<RequestRule, "headers" | "user">,
];

const rules = (source: string, before: Preparation, rows: readonly Row[]): readonly RequestRule[] =>
  rows.map(([code, text, request, body, more]) => ({
    source,
    before,
    code,
    text,
    request,
    ...(body !== undefined && { body }),
    ...more,
  }));

const FORMATS =
  'The following request formats are allowed:\n1. {"from":<config>,"to":<config>} where <config> is either {"id":"<id>"} or {"content":"<content>"}\n2. {"type":"<type>","name":"<name>","content":"<content>"}';

const OWNER = { owner_object: { type: "external", name: "a" } };

/** What makes a request be refused, whatever it is about. */
const EDGE_RULES: readonly RequestRule[] = [
  ...rules("api/api_helper.rb", "uploaded", [
    [440001, "Manifest should not be empty", "POST /deployments", ""],
    [440001, "Manifest should be a hash", "POST /deployments", "x"],
    [
      440001,
      "Incorrect YAML structure of the uploaded manifest: #<Psych::SyntaxError: (<unknown>): did not find expected node content while parsing a flow node at line 2 column 1>",
      "POST /deployments",
      "a: [",
    ],
  ]),
  ...rules("api/controllers/base_controller.rb", "uploaded", [
    [
      70010,
      "X-Bosh-Context-Id cannot be more than 64 characters in length",
      "GET /locks",
      undefined,
      { headers: { "x-bosh-context-id": "x".repeat(65) } },
    ],
  ]),
  ...rules("permission_authorizer.rb", "uploaded", [
    [
      600000,
      "Require one of the scopes: bosh.admin, bosh.{uuid}.admin",
      "DELETE /task/1",
      undefined,
      { user: "reader:readerpw" },
    ],
  ]),
  ...rules("api/controllers/tasks_controller.rb", "uploaded", [
    [600000, "Unknown type zz", "GET /tasks/1/output?type=zz"],
    [
      600000,
      "One of the following scopes is required to access this task: bosh.admin, bosh.{uuid}.admin, bosh.read, bosh.{uuid}.read",
      "GET /tasks/1",
      undefined,
      { user: "team-a:teampw" },
    ],
  ]),
  ...rules("api/task_manager.rb", "uploaded", [[10000, "Task 99 not found", "GET /tasks/99"]]),
  ...rules("api/resource_manager.rb", "uploaded", [
    [
      100002,
      "Resource '6a58d2b2-9a8a-4f2f-8a3f-000000000000' not found in the blobstore",
      "GET /resources/6a58d2b2-9a8a-4f2f-8a3f-000000000000",
    ],
    [
      100001,
      "Blobstore error accessing resource 'zz': invalid blobstore object id format: \"zz\"",
      "GET /resources/zz",
    ],
  ]),
  ...rules("api/controllers/events_controller.rb", "uploaded", [
    [40000, "Action, object_type, object_name are required", "POST /events", {}],
    [40000, "Context must be a hash", "POST /events", { action: "a", object_type: "b", object_name: "c", context: [] }],
  ]),
];

/** What makes a request about configs be refused. */
const CONFIG_REQUEST_RULES: readonly RequestRule[] = [
  ...rules("api/controllers/configs_controller.rb", "uploaded", [
    [440010, "'type' is required", "POST /configs", {}],
    [440010, "'type' must be a string", "POST /configs", { type: ["a"] }],
    [440010, "JSON object expected", "POST /configs", []],
    [
      440011,
      "Config must be valid YAML: no implicit conversion of Integer into String",
      "POST /configs",
      { type: "a", name: "b", content: 5 },
    ],
    [440011, "YAML hash expected", "POST /configs", { type: "a", name: "b", content: "x" }],
    [440010, FORMATS, "POST /configs/diff", {}],
    [440010, "'limit' must be a number", "GET /configs?limit=x"],
    [440010, "'limit' must be larger than zero", "GET /configs?limit=0"],
    [440010, "'latest' must be 'true' or 'false'", "GET /configs?latest=x"],
  ]),
  ...rules("api/config_manager.rb", "uploaded", [[440012, "Config 99 not found", "GET /configs/99"]]),
];

/** What makes a request about releases and stemcells be refused. */
const ARTIFACT_REQUEST_RULES: readonly RequestRule[] = [
  ...rules("api/release_manager.rb", "uploaded", [
    [30005, "Release 'zz' doesn't exist", "GET /releases/zz"],
    [30006, "Release version 'demo/9' doesn't exist", "GET /releases/demo?version=9"],
    [30010, "Release version invalid: a b", "GET /releases/demo?version=a%20b"],
  ]),
  ...rules("api/controllers/packages_controller.rb", "uploaded", [
    [440001, "Manifest doesn't have a usable packages section", "POST /packages/matches", "{}"],
    [440001, "Manifest doesn't have a usable packages section", "POST /packages/matches_compiled", "{}"],
  ]),
  ...rules("api/controllers/stemcell_uploads_controller.rb", "uploaded", [
    [40001, "Missing 'stemcell' field", "POST /stemcell_uploads", {}],
    [40001, "Missing 'name' field", "POST /stemcell_uploads", { stemcell: {} }],
    [40001, "Missing 'version' field", "POST /stemcell_uploads", { stemcell: { name: "a" } }],
  ]),
  ...rules("jobs/delete_stemcell.rb", "uploaded", [[50003, "Stemcell 'zz/1' doesn't exist", "DELETE /stemcells/zz/1"]]),
  ...rules("jobs/helpers/stemcell_deleter.rb", "deployed", [
    [50004, "Stemcell 'tiny-stemcell/1.1' is still in use by: x", "DELETE /stemcells/tiny-stemcell/1.1"],
  ]),
  ...rules("jobs/helpers/name_version_release_deleter.rb", "deployed", [
    [30007, "Release 'demo' is still in use by: x", "DELETE /releases/demo"],
  ]),
  ...rules("jobs/helpers/release_version_deleter.rb", "deployed", [
    [30008, "ReleaseVersion 'demo/1' is still in use by: x", "DELETE /releases/demo?version=1"],
  ]),
  ...rules("jobs/export_release.rb", "deployed", [
    [
      30011,
      "Release version 'demo/2' not found in deployment 'x' manifest",
      "POST /releases/export",
      {
        deployment_name: "x",
        release_name: "demo",
        release_version: "2",
        stemcell_os: "tiny-os",
        stemcell_version: "1.1",
        jobs: [],
      },
    ],
  ]),
];

/** What makes a request about links be refused. */
const LINK_REQUEST_RULES: readonly RequestRule[] = [
  ...rules("api/controllers/link_address_controller.rb", "uploaded", [
    [810006, "Link id is required", "GET /link_address"],
    [810008, "`azs` param must be array type: `azs[]=`", "GET /link_address?link_id=1&azs=z1"],
    [810008, "az zz is not valid", "GET /link_address?link_id=1&azs[]=zz"],
    [
      810007,
      'status must be a one of: ["healthy", "unhealthy", "all", "default"]',
      "GET /link_address?link_id=1&status=zz",
    ],
  ]),
  ...rules("api/controllers/link_consumers_controller.rb", "uploaded", [
    [190024, "Deployment name is required", "GET /link_consumers"],
  ]),
  ...rules("api/controllers/link_providers_controller.rb", "uploaded", [
    [190024, "Deployment name is required", "GET /link_providers"],
  ]),
  ...rules("api/controllers/links_controller.rb", "uploaded", [[190024, "Deployment name is required", "GET /links"]]),
  ...rules("api/links_api_manager.rb", "uploaded", [
    [810000, "Invalid link id: 99", "DELETE /links/99"],
    [810000, "Could not find a link with id 99", "GET /link_address?link_id=99"],
    [810001, "Invalid request: `link_provider_id` must be provided", "POST /links", {}],
    [810001, "Invalid request: `link_provider_id` must be a String", "POST /links", { link_provider_id: 5 }],
    [810001, "Invalid request: `link_consumer` section must be defined", "POST /links", { link_provider_id: "1" }],
    [
      810001,
      "Invalid request: `link_consumer.owner_object` section must be defined",
      "POST /links",
      { link_provider_id: "1", link_consumer: {} },
    ],
    [
      810001,
      "Invalid request: `link_consumer.owner_object.type` should be 'external'",
      "POST /links",
      { link_provider_id: "1", link_consumer: { owner_object: { type: "job" } } },
    ],
    [
      810001,
      "Invalid request: `link_consumer.owner_object.name` must not be empty",
      "POST /links",
      { link_provider_id: "1", link_consumer: { owner_object: { type: "external", name: "" } } },
    ],
    [810002, "Invalid link_provider_id: 99", "POST /links", { link_provider_id: "99", link_consumer: OWNER }],
  ]),
];

/** What makes a request about a deployment or its instances be refused. */
const DEPLOYMENT_REQUEST_RULES: readonly RequestRule[] = [
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

/** What makes a task of operation be refused. */
const TASK_RULES: readonly RequestRule[] = [
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

/** The rules that have a request each. */
export const REQUEST_RULES: readonly RequestRule[] = [
  ...EDGE_RULES,
  ...CONFIG_REQUEST_RULES,
  ...ARTIFACT_REQUEST_RULES,
  ...LINK_REQUEST_RULES,
  ...DEPLOYMENT_REQUEST_RULES,
  ...TASK_RULES,
];
