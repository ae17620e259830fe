import { EVERYTHING, inEach } from "../broker/answers.ts";
import { catalogWith, RETRIEVABLE } from "../broker/catalog.ts";
import type { FieldBroker } from "../field-broker.ts";

const catalog = catalogWith(RETRIEVABLE);

/** Bindings: what they need, what they say. */
export const BINDINGS: readonly FieldBroker[] = [
  {
    id: "asynchronous-bindings-cannot-be-fetched",
    does: "binds asynchronously and offers no GET for bindings, so that credentials never arrive",
    report: {
      repository: "cloudfoundry/cloud-service-broker",
      number: 389,
      says: "a user wants asynchronous bindings, but getting a binding is not implemented",
    },
    rule: "Binding: for the platform to use the binding, the information MUST be returned at least once.",
    behaviour: { asynchronous: EVERYTHING, catalog: catalogWith({ service: { instances_retrievable: true } }) },
    fails: ["bind-info-returned-once"],
  },
  {
    id: "asynchronous-bindings-are-not-found",
    does: "binds asynchronously, offers GET for bindings and answers it with 404",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 334,
      says: "GET of a binding has to be there as soon as last_operation says succeeded",
    },
    rule: "Fetching a Service Binding: the endpoint MUST be available immediately after succeeded.",
    behaviour: {
      catalog,
      asynchronous: EVERYTHING,
      answers: { "fetch-binding: found": { status: 404, body: { description: "Not found." } } },
    },
    fails: ["fetch-binding-supported"],
  },
  {
    id: "bindings-are-always-500",
    does: "offers GET for bindings and always answers it with 500",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 211,
      says: "fetching a binding that does not exist is answered 500, an instance 422",
    },
    rule: "Fetching a Service Binding: brokers MUST support this endpoint; 404 MUST be returned if the binding does not exist.",
    behaviour: {
      catalog,
      answers: inEach(["fetch-binding: found", "fetch-binding: unknown"], {
        status: 500,
        body: { description: "null" },
      }),
    },
    fails: ["fetch-binding-supported"],
  },
  {
    id: "unknown-is-422-in-fetches",
    does: "answers 422 to GET of an instance and 500 to GET of a binding that is not there",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 211,
      says: "fetching an instance that does not exist is answered 422, a binding 500, where 404 is demanded",
    },
    rule: "Fetching: 404 MUST be returned if the instance or the binding does not exist.",
    behaviour: {
      catalog,
      answers: {
        "fetch-instance: unknown": { status: 422, body: { description: "ServiceInstanceDoesNotExist" } },
        "fetch-binding: unknown": { status: 500, body: { description: "ServiceInstanceBindingDoesNotExist" } },
      },
    },
    fails: ["fetch-instance-404-unknown", "fetch-binding-404-unknown"],
  },
  {
    id: "bindings-are-always-200",
    does: "answers every GET of a binding with 200, even if there is none",
    report: {
      repository: "meshcloud/unipipe-service-broker",
      number: 113,
      says: "getServiceInstanceBinding always returned 200, even if the binding does not exist",
    },
    rule: "Fetching a Service Binding: 404 MUST be returned if the binding does not exist.",
    behaviour: { catalog, answers: { "fetch-binding: unknown": { status: 200, body: {} } } },
    fails: ["fetch-binding-404-unknown"],
  },
  {
    id: "needs-an-application",
    does: "binds applications only, and says so with RequiresApp",
    report: {
      repository: "cloudfoundry/servicebroker",
      number: 194,
      says: "why an app_guid might be missing, and what a broker that needs one does",
    },
    rule: "Binding: 422 RequiresApp MUST be returned if the broker requires an app_guid.",
    behaviour: { catalog, notices: ["bind: without app"] },
  },
  {
    id: "needs-an-application-and-says-400",
    does: "binds applications only, and answers 400 to a bind without one",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 8,
      says: "a service key cannot be made: a bind without app_guid is refused for a missing required field",
    },
    rule: "Binding: 422 RequiresApp MUST be returned if the broker requires an app_guid.",
    behaviour: {
      catalog,
      notices: ["bind: without app"],
      answers: { "bind: without app": { status: 400, body: { description: "Missing required fields: appGuid" } } },
    },
    fails: ["bind-requires-app-422"],
  },
  {
    id: "needs-the-old-app-guid",
    does: "looks for app_guid where it was before bind_resource, and where Cloud Foundry still sends it",
    report: {
      repository: "kubernetes-retired/service-catalog",
      number: 818,
      says: "is app_guid, of which there are two, required? Then we should send it",
    },
    rule: "Binding: app_guid is deprecated, not gone; a broker that requires it answers 422 RequiresApp without it.",
    behaviour: {
      catalog,
      answers: {
        "bind: done": {
          status: 422,
          body: { error: "RequiresApp", description: "app_guid is missing" },
          does: "nothing",
          when: ({ body }) => body?.["app_guid"] === undefined,
        },
      },
    },
  },
  {
    id: "needs-the-old-app-guid-and-says-400",
    does: "answers 400 to a bind without app_guid where it was before bind_resource",
    report: {
      repository: "spring-cloud/spring-cloud-open-service-broker",
      number: 8,
      says: "a bind without app_guid is refused for a missing required field",
    },
    rule: "Binding: 422 RequiresApp MUST be returned if the broker requires an app_guid.",
    behaviour: {
      catalog,
      answers: {
        "bind: done": {
          status: 400,
          body: { description: "Missing required fields: appGuid" },
          does: "nothing",
          when: ({ body }) => body?.["app_guid"] === undefined,
        },
      },
    },
    fails: ["bind-requires-app-422"],
  },
  {
    id: "empty-syslog-drain-url",
    does: "returns an empty syslog_drain_url that the catalog does not announce",
    report: {
      repository: "cloudfoundry-community/worlds-simplest-service-broker",
      number: 4,
      says: "binds return an empty syslog_drain_url without requires: syslog_drain, and Cloud Foundry refuses them",
    },
    rule: 'Binding: "requires": ["syslog_drain"] MUST be declared; and what is there is a URL.',
    behaviour: { catalog: catalogWith(), binding: (view) => ({ ...view, syslog_drain_url: "" }) },
    fails: ["bind-syslog-drain-declared", "bind-syslog-drain-url-string"],
  },
  {
    id: "credentials-are-a-string",
    does: "returns credentials as one string",
    report: {
      repository: "cloudfoundry/cloud_controller_ng",
      number: 2108,
      says: "credentials that are not an object are now refused; before, service keys failed later",
    },
    rule: "Binding: credentials is an object.",
    behaviour: {
      catalog: catalogWith(),
      binding: (view, { id }) => ({ ...view, credentials: `postgres://u-${id}@db.example.com:5432/db` }),
    },
    fails: ["bind-credentials-object"],
  },
  {
    id: "volume-mounts-of-2.9",
    does: "returns volume mounts as they were before 2.10",
    report: {
      repository: "cloudfoundry/cloud_controller_ng",
      number: 676,
      says: "volume mounts that are formatted as before 2.10 bind, and the application fails to start",
    },
    rule: "Volume Mount Object: driver, container_dir, device_type and device are REQUIRED.",
    behaviour: {
      catalog: catalogWith({ service: { requires: ["volume_mount"] } }),
      binding: () => ({
        credentials: {},
        volume_mounts: [
          { container_path: "/data", mode: "r", private: { driver: "nfs", group_id: "g", config: "{}" } },
        ],
      }),
    },
    fails: ["volume-mount-driver", "volume-mount-container-dir", "volume-mount-device-type", "volume-mount-device"],
  },
];
