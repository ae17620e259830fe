import { type RequestRule, requestRules as rules } from "./request-rule.ts";

const FORMATS =
  'The following request formats are allowed:\n1. {"from":<config>,"to":<config>} where <config> is either {"id":"<id>"} or {"content":"<content>"}\n2. {"type":"<type>","name":"<name>","content":"<content>"}';

/** The requests that are refused whatever their subject. */
export const EDGE_RULES: readonly RequestRule[] = [
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

/** The requests about configs that are refused. */
export const CONFIG_REQUEST_RULES: readonly RequestRule[] = [
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
