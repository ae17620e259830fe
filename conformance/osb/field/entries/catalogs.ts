import type { Json, JsonObject } from "../../../client/http/json.ts";
import { catalogWith } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const creationSchema = (parameters: Json): JsonObject => ({ service_instance: { create: { parameters } } });
const SIZED: JsonObject = { type: "object", properties: { size: { type: "integer", minimum: 1 } } };

/** What catalogs say. */
export const CATALOGS: readonly FieldBroker[] = [
  {
    id: "service-has-no-plans",
    does: "has an offering without a plan",
    report: {
      repository: "cloudfoundry/cloud-service-broker",
      number: 377,
      says: "a service without plans makes the registration of the broker fail",
    },
    rule: "Service Offering Object: plans MUST contain at least one plan.",
    behaviour: { catalog: catalogWith({ service: { plans: [] } }) },
    fails: ["service-plans-nonempty"],
  },
  {
    id: "bindable-is-missing",
    does: "does not say whether its offering is bindable",
    report: {
      repository: "cloudfoundry-community/cf-mysql-java-broker",
      number: 1,
      says: "the catalog is invalid for the platform: the bindable field is required",
    },
    rule: "Service Offering Object: bindable is REQUIRED.",
    behaviour: { catalog: catalogWith({ service: { bindable: undefined } }) },
    fails: ["service-bindable-required"],
  },
  {
    id: "optional-members-are-null",
    does: "has null for the tags, requires and metadata that it lacks",
    report: {
      repository: "Peripli/service-manager",
      number: 203,
      says: "tags, requires and metadata that are not specified become null, and the catalog invalid",
    },
    rule: "Service Offering Object and Service Plan Object: tags, requires and metadata are OPTIONAL; null may stand for absence.",
    behaviour: {
      catalog: catalogWith({ service: { tags: null, requires: null, metadata: null }, plan: { metadata: null } }),
    },
  },
  {
    id: "two-plans-have-one-id",
    does: "has the same id for both of its plans",
    report: {
      repository: "cloudfoundry/csb-brokerpak-azure",
      number: 34,
      says: "a plan id was used twice, which the platform refuses, as ids are to be unique",
    },
    rule: "Service Plan Object: id MUST be globally unique.",
    behaviour: { catalog: catalogWith({ second: { id: "a1c0ffee-0000-4000-8000-000000000011" } }) },
    fails: ["plan-id-unique"],
  },
  {
    id: "ids-are-words",
    does: "has words for ids, not GUIDs",
    report: {
      repository: "cloudfoundry/cloud_controller_ng",
      number: 172,
      says: "the catalog has ids such as Freight-Train-Logging and Freight-Train-Logging-Default",
    },
    rule: "Service Offering Object and Service Plan Object: using a GUID is RECOMMENDED.",
    behaviour: {
      catalog: catalogWith({
        service: { id: "Freight-Train-Logging" },
        plan: { id: "Freight-Train-Logging-Default" },
        second: { id: "Freight-Train-Logging-Large" },
      }),
    },
    warns: ["service-id-guid", "plan-id-guid"],
  },
  {
    id: "name-has-a-space",
    does: "has an offering with a space in its name",
    report: {
      repository: "cf-platform-eng/tile-generator",
      number: 34,
      says: "a service with a space in its name makes the marketplace answer 500",
    },
    rule: "Service Offering Object: a CLI-friendly name is RECOMMENDED.",
    behaviour: { catalog: catalogWith({ service: { name: "Field DB" } }) },
    warns: ["service-name-cli-friendly"],
  },
  {
    id: "plan-is-called-hyphen",
    does: 'calls a plan "-"',
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 305,
      says: "a name that is a lone hyphen is not a good choice, but cannot be forbidden",
    },
    rule: "Catalog Management: it is RECOMMENDED to avoid names that cause problems for command line parsers, such as a hyphen.",
    behaviour: { catalog: catalogWith({ second: { name: "-" } }) },
    warns: ["catalog-avoid-cli-unfriendly"],
  },
  {
    id: "plan-begins-with-an-underscore",
    does: 'calls a plan "_scm-event-supplier"',
    report: {
      repository: "kubernetes-retired/service-catalog",
      number: 2739,
      says: "plan names that begin with an underscore used to work and are refused now",
    },
    rule: "Service Plan Object: a CLI-friendly name (letters, digits, periods, hyphens) is RECOMMENDED.",
    behaviour: { catalog: catalogWith({ second: { name: "_scm-event-supplier" } }) },
    warns: ["plan-name-cli-friendly"],
  },
  {
    id: "plan-has-a-capital",
    does: 'calls a plan "Lite"',
    report: {
      repository: "kubernetes-retired/service-catalog",
      number: 1668,
      says: "plan names are needlessly restricted to lower case: there are plans called Lite",
    },
    rule: "Catalog Management: upper case is allowed.",
    behaviour: { catalog: catalogWith({ second: { name: "Lite" } }) },
  },
  {
    id: "plan-has-a-capital-at-2.13",
    does: 'calls a plan "Lite", at a version that forbade it',
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 422,
      says: "the specification wants lower case in plan names, Cloud Foundry takes any",
    },
    rule: "2.13, Plan Object: name MUST only contain lowercase characters, numbers and hyphens.",
    minor: 13,
    behaviour: { catalog: catalogWith({ second: { name: "Lite" } }) },
    fails: ["plan-name-alphabet-2-13"],
  },
  {
    id: "schema-is-base64",
    does: "has a string for a schema",
    report: {
      repository: "kubernetes-retired/service-catalog",
      number: 2088,
      says: "a broker returned base64 where the schema object belongs, and was registered",
    },
    rule: "Input Parameters Schema Object: parameters is a JSON schema object.",
    behaviour: { catalog: catalogWith({ plan: { schemas: creationSchema("eyJ0eXBlIjoib2JqZWN0In0=") } }) },
    fails: ["schema-parameters-object"],
  },
  {
    id: "schema-names-no-draft",
    does: "has a schema without $schema",
    report: {
      repository: "cloudfoundry/cloud_controller_ng",
      number: 907,
      says: "schemas without $schema are now refused, those without a type are accepted",
    },
    rule: "Input Parameters Schema Object: the $schema key MUST be present.",
    behaviour: { catalog: catalogWith({ plan: { schemas: creationSchema(SIZED) } }) },
    fails: ["schema-dollar-schema-present"],
  },
  {
    id: "schema-is-of-draft-6",
    does: "has a schema of draft 6",
    report: {
      repository: "cloudfoundry/capi-release",
      number: 222,
      says: "schemas of a draft later than 4 used to be accepted and are now refused",
    },
    rule: "Input Parameters Schema Object: platforms SHOULD be prepared to support later versions of JSON schema.",
    behaviour: {
      catalog: catalogWith({
        plan: { schemas: creationSchema({ $schema: "http://json-schema.org/draft-06/schema#", ...SIZED }) },
      }),
    },
  },
  {
    id: "dashboard-client-has-no-secret",
    does: "has a dashboard_client with nothing but a redirect_uri",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 624,
      says: "Cloud Foundry has always demanded id and secret of a dashboard_client; the text follows",
    },
    rule: "2.15, profile.md, Dashboard Client Object: id and secret are REQUIRED.",
    behaviour: {
      catalog: catalogWith({ service: { dashboard_client: { redirect_uri: "https://dashboard.example.com/" } } }),
    },
    fails: ["dashboard-client-id", "dashboard-client-secret"],
  },
  {
    id: "dashboard-client-has-no-secret-at-2.13",
    does: "has a dashboard_client with only a redirect_uri, at a version that demanded no more",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 448,
      says: "id, secret and redirect_uri of a dashboard_client are not required by the specification",
    },
    rule: "2.13, Dashboard Client Object: id and secret are not REQUIRED.",
    minor: 13,
    behaviour: {
      catalog: catalogWith({ service: { dashboard_client: { redirect_uri: "https://dashboard.example.com/" } } }),
    },
  },
];
