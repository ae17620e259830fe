import { isObject, stringOf } from "../../../client/http/json.ts";
import { EVERYTHING, inEach } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE, SCHEMAS } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);
const withSchemas = catalogWith({ ...RETRIEVABLE, plan: { schemas: SCHEMAS } });
const maintained = catalogWith({ ...RETRIEVABLE, plan: { maintenance_info: { version: "1.4.0" } } });

/** How PATCH is treated. */
export const UPDATES: readonly FieldBroker[] = [
  {
    id: "updated-is-201",
    does: "answers an update 201",
    report: {
      repository: "swisscom/open-service-broker",
      number: 278,
      says: "an update is answered 201, which the platform must treat as a failure",
    },
    rule: "Updating a Service Instance: 200 MUST be returned if the changes have been applied.",
    behaviour: { catalog, answers: { "update: done": { status: 201 } } },
    fails: ["update-200"],
  },
  {
    id: "updates-are-lost",
    does: "answers an update with 200 and changes nothing",
    report: {
      repository: "meshcloud/unipipe-service-broker",
      number: 22,
      says: "an update would be said to have succeeded when nothing has processed it",
    },
    rule: "Updating a Service Instance: 200 MUST be returned if the changes have been applied.",
    behaviour: { catalog, updates: () => undefined },
    fails: ["update-applied-visible"],
  },
  {
    id: "updates-are-lost-asynchronously",
    does: "reports an update as succeeded and changes nothing",
    report: {
      repository: "meshcloud/unipipe-service-broker",
      number: 22,
      says: "last_operation would say succeeded when nothing has processed the update",
    },
    rule: "Updating a Service Instance: 202 while it is in progress; what has succeeded is in effect.",
    behaviour: { catalog, asynchronous: EVERYTHING, updates: () => undefined },
    fails: ["update-applied-visible"],
  },
  {
    id: "update-forgets-the-parameters",
    does: "replaces the instance on each update, and so forgets parameters that are not sent",
    report: {
      repository: "meshcloud/unipipe-service-broker",
      number: 108,
      says: "an update builds a whole new instance from the request, even if the request lacks parts",
    },
    rule: "Updating a Service Instance: without parameters the broker MUST NOT change them.",
    behaviour: {
      catalog,
      updates: (instance, { plan_id: planId, parameters }) => {
        instance.planId = stringOf(planId) ?? instance.planId;
        instance.parameters = isObject(parameters) ? parameters : {};
      },
    },
    fails: ["update-without-parameters-keeps-parameters"],
  },
  {
    id: "update-needs-a-plan",
    does: "refuses an update that names no plan",
    report: {
      repository: "eruvanos/openbrokerapi",
      number: 63,
      says: "plan_id is optional in an update, but was demanded",
    },
    rule: "Updating a Service Instance: plan_id is OPTIONAL.",
    behaviour: {
      catalog: withSchemas,
      answers: inEach(["update: done", "update: unfit parameters"], {
        status: 400,
        body: { description: "Required parameters not provided: plan_id" },
        does: "nothing",
        when: ({ named }) => named.plan === undefined,
      }),
    },
    fails: ["update-plan-id-optional"],
  },
  {
    id: "unsupported-plan-change-is-400",
    does: "answers 400 to a plan change that it does not support",
    report: {
      repository: "govuk-paas/paas-aiven-broker",
      number: 11,
      says: "the provider answers 400 to impossible plan changes; this must become a 422",
    },
    rule: "Updating a Service Instance: 422 MUST be returned if the requested change is not supported.",
    behaviour: {
      catalog,
      answers: {
        "update: done": {
          status: 400,
          body: { description: "Service plan must not be downgraded" },
          does: "nothing",
          when: ({ named, thing }) => named.plan !== undefined && named.plan !== thing?.planId,
        },
      },
    },
    fails: ["update-unsupported-422"],
  },
  {
    id: "refused-update-is-applied",
    does: "answers 400 to parameters that violate the schema, but applies them",
    report: {
      repository: "awslabs/aws-servicebroker",
      number: 54,
      says: "an update that is answered 400 leaves the instance changed: it cannot be used any more",
    },
    rule: "Updating a Service Instance: with a 4xx the broker MUST NOT apply any of the requested changes.",
    behaviour: { catalog: withSchemas, answers: { "update: unfit parameters": { does: "at once" } } },
    fails: ["update-4xx-applies-nothing"],
  },
  {
    id: "refused-plan-change-is-applied",
    does: "answers 422 to a change of plan, but makes it",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 354,
      says: "what state is an instance in whose update failed? The broker must not apply any of the changes",
    },
    rule: "Updating a Service Instance: with a 4xx the broker MUST NOT apply any of the requested changes.",
    behaviour: {
      catalog,
      answers: {
        "update: done": {
          status: 422,
          body: { error: "PlanChange", description: "That plan is not available." },
          when: ({ named, thing }) => named.plan !== undefined && named.plan !== thing?.planId,
        },
      },
    },
    fails: ["update-4xx-applies-nothing"],
  },
  {
    id: "wrong-parameters-are-dropped",
    does: "drops parameters of an update that violate the schema, and answers 200",
    report: {
      repository: "openshift/ansible-service-broker",
      number: 734,
      says: "parameters that a plan does not have or allow are stripped from an update; they should be a 400",
    },
    rule: "Updating a Service Instance: brokers SHOULD ensure that the client has provided valid parameters.",
    behaviour: {
      catalog: withSchemas,
      answers: { "update: unfit parameters": { status: 200, body: {} } },
    },
    warns: ["update-parameters-validated"],
  },
  {
    id: "maintenance-conflict-for-none",
    does: "answers 422 MaintenanceInfoConflict to an update that names no maintenance version",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 761,
      says: "an update without maintenance_info is refused: it does not match that of the catalog",
    },
    rule: "Updating a Service Instance: maintenance_info is OPTIONAL; MaintenanceInfoConflict is for a version that does not match.",
    behaviour: {
      catalog: maintained,
      answers: {
        "update: done": {
          status: 422,
          body: { error: "MaintenanceInfoConflict", description: "passed maintenance_info does not match the catalog" },
          does: "nothing",
          when: ({ body }) => body?.["maintenance_info"] === undefined,
        },
      },
    },
    fails: ["update-maintenance-info-conflict-422"],
  },
  {
    id: "updating-is-404-in-fetches",
    does: "answers 404 to GET of an instance that is being updated",
    report: {
      repository: "orange-cloudfoundry/osb-cmdb",
      number: 168,
      says: "a fetch refused because of an operation in progress was mapped to 404; it is now a 422",
    },
    rule: "Fetching a Service Instance: 422 MUST be returned if it is being updated and cannot be fetched.",
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      answers: { "fetch-instance: updating": { status: 404, body: { description: "Not found." } } },
    },
    fails: ["fetch-instance-422-while-updating"],
  },
];
