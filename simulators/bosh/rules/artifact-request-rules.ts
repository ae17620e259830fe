import { type RequestRule, requestRules as rules } from "./request-rule.ts";

const OWNER = { owner_object: { type: "external", name: "a" } };

/** The requests about releases and stemcells that are refused. */
export const ARTIFACT_REQUEST_RULES: readonly RequestRule[] = [
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

/** The requests about links that are refused. */
export const LINK_REQUEST_RULES: readonly RequestRule[] = [
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
