import { isObject } from "../../../client/http/json.ts";
import { EVERYTHING } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);

/** What instances need from a platform, what they show, and errors in general. */
export const INSTANCES: readonly FieldBroker[] = [
  {
    id: "panics-without-a-cluster",
    does: "hangs up on a provision from Kubernetes whose context names no cluster",
    report: {
      repository: "awslabs/aws-servicebroker",
      number: 67,
      says: "a context without clusterid makes the broker panic",
    },
    rule: "Provisioning: context is OPTIONAL; profile.md: clusterid is what Kubernetes sends with it.",
    behaviour: {
      catalog,
      answers: {
        "provision: done": {
          hangsUp: true,
          does: "nothing",
          when: ({ body }) => {
            const context = body?.["context"];
            return isObject(context) && context["platform"] === "kubernetes" && context["clusterid"] === undefined;
          },
        },
      },
    },
  },
  {
    id: "demands-organization-and-space",
    does: "answers 400 to a provision without organization_guid or space_guid",
    report: {
      repository: "Azure/open-service-broker-azure",
      number: 88,
      says: "should a provision without organization_guid or space_guid fail? They are marked as required",
    },
    rule: "Provisioning: organization_guid and space_guid are REQUIRED.",
    behaviour: {
      catalog,
      answers: {
        "provision: done": {
          status: 400,
          body: { description: "organization_guid and space_guid are required" },
          does: "nothing",
          when: ({ body = {} }) => body["organization_guid"] === undefined || body["space_guid"] === undefined,
        },
      },
    },
  },
  {
    id: "only-500",
    does: "answers 500 whenever it cannot do what it is asked",
    report: {
      repository: "pmorie/osb-broker-lib",
      number: 13,
      says: "the library answers every error with 500",
    },
    rule: "Service Broker Errors: where the specification defines the response code, that code MUST be used.",
    behaviour: {
      catalog,
      last: (response, { request }) => {
        const isServed = request.headers["x-broker-api-version"] === "2.17" && response.status !== 401;
        return isServed && response.status >= 400 ? { ...response, status: 500 } : response;
      },
    },
    fails: [
      "provision-missing-service-id-400",
      "provision-missing-plan-id-400",
      "provision-malformed-body-400",
      "provision-wrong-type-400",
      "provision-conflict-409",
      "update-missing-service-id-400",
      "update-malformed-400",
      "update-unknown-instance",
      "bind-missing-service-id-400",
      "bind-missing-plan-id-400",
      "bind-malformed-400",
      "bind-unknown-instance",
      "bind-conflict-409",
      "unbind-missing-service-id-400",
      "unbind-missing-plan-id-400",
      "unbind-410-unknown",
      "deprovision-missing-service-id-400",
      "deprovision-missing-plan-id-400",
      "deprovision-410-unknown",
      "fetch-instance-404-unknown",
      "fetch-binding-404-unknown",
      "error-appropriate-status",
    ],
    leavesBehind: true,
  },
  {
    id: "dashboard-comes-late",
    does: "returns the dashboard_url of an instance only once it is created",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 170,
      says: "what if the dashboard_url is not known yet when an asynchronous provision is answered?",
    },
    rule: "Provisioning: a broker that wishes to return dashboard_url MUST return it with the initial response.",
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      instance: ({ id }) => ({ dashboard_url: `https://dashboard.example.com/${id}` }),
      answers: { "provision: begun": { body: ({ operation = "" }) => ({ operation }) } },
    },
    fails: ["provision-dashboard-url-initial-response"],
  },
  {
    id: "dashboard-url-is-empty",
    does: "returns an empty dashboard_url with every provision",
    report: {
      repository: "cloudfoundry/cloud-service-broker",
      number: 81,
      says: "the broker always returns an empty dashboard_url",
    },
    rule: "2.15, Provisioning: dashboard_url MUST be a string or null.",
    behaviour: { catalog, instance: () => ({ dashboard_url: "" }) },
  },
  {
    id: "dashboard-url-is-empty-at-2.13",
    does: "returns an empty dashboard_url with every provision, at a version that forbade it",
    report: {
      repository: "swisscom/open-service-broker",
      number: 134,
      says: "dashboard_url has to be a string that is not empty",
    },
    rule: "2.13, Provisioning: if present, dashboard_url MUST be a non-empty string.",
    minor: 13,
    behaviour: { instance: () => ({ dashboard_url: "" }) },
    fails: ["provision-dashboard-url-type-2-12"],
  },
  {
    id: "fetches-nothing-that-is-not-offered",
    does: "answers 404 to every GET of an instance, as its catalog offers none",
    report: {
      repository: "orange-cloudfoundry/osb-cmdb",
      number: 203,
      says: "with instances_retrievable false a GET is answered 404, whether there is such an instance or not",
    },
    rule: "Fetching a Service Instance: otherwise platforms SHOULD NOT attempt to call this endpoint under any circumstances.",
    behaviour: { catalog: catalogWith({ service: { instances_retrievable: false, bindings_retrievable: false } }) },
  },
];
