import { apiVersionHeaderChecks } from "./checks/api-version-header.ts";
import { authenticationChecks } from "./checks/authentication.ts";
import { bindingRotationChecks } from "./checks/binding-rotation.ts";
import { bindingApplicationChecks } from "./checks/binding/application.ts";
import { bindingInProgressChecks } from "./checks/binding/in-progress.ts";
import { bindingInformationChecks } from "./checks/binding/information.ts";
import { bindingMetadataChecks } from "./checks/binding/metadata.ts";
import { bindingPermissionsChecks } from "./checks/binding/permissions.ts";
import { bindingRepetitionChecks } from "./checks/binding/repetition.ts";
import { bindingRequestChecks } from "./checks/binding/request.ts";
import { blockingOperationsChecks } from "./checks/blocking-operations.ts";
import { catalogManagementChecks } from "./checks/catalog-management.ts";
import { catalogObjectChecks } from "./checks/catalog-objects.ts";
import { changePolicyForMinorVersionsChecks } from "./checks/change-policy-for-minor-versions.ts";
import { contentTypeChecks } from "./checks/content-type.ts";
import { contextObjectChecks } from "./checks/context-object.ts";
import { deprovisioningChecks } from "./checks/deprovisioning.ts";
import { fetchingBindingChecks } from "./checks/fetching-a-service-binding.ts";
import { fetchingInstanceChecks } from "./checks/fetching-a-service-instance.ts";
import { originatingIdentityChecks } from "./checks/originating-identity.ts";
import { orphanMitigationChecks } from "./checks/orphan-mitigation.ts";
import { pollingIntervalAndDurationChecks } from "./checks/polling-interval-and-duration.ts";
import { pollingLastOperationBindingsChecks } from "./checks/polling-last-operation/bindings.ts";
import { pollingLastOperationInstancesChecks } from "./checks/polling-last-operation/instances.ts";
import { provisioningCreationChecks } from "./checks/provisioning/creation.ts";
import { provisioningDashboardChecks } from "./checks/provisioning/dashboard.ts";
import { provisioningInProgressChecks } from "./checks/provisioning/in-progress.ts";
import { provisioningMaintenanceInfoChecks } from "./checks/provisioning/maintenance-info.ts";
import { provisioningRepetitionChecks } from "./checks/provisioning/repetition.ts";
import { provisioningRequestChecks } from "./checks/provisioning/request.ts";
import { requestIdentityChecks } from "./checks/request-identity.ts";
import { responseBodyChecks } from "./checks/response-bodies.ts";
import { serviceBrokerErrorsChecks } from "./checks/service-broker-errors.ts";
import { synchronousAndAsynchronousOperationsChecks } from "./checks/synchronous-and-asynchronous-operations.ts";
import { unbindingChecks } from "./checks/unbinding.ts";
import { updatingInstanceDashboardChecks } from "./checks/updating-a-service-instance/dashboard.ts";
import { updatingInstanceEffectChecks } from "./checks/updating-a-service-instance/effect.ts";
import { updatingInstanceFailureChecks } from "./checks/updating-a-service-instance/failure.ts";
import { updatingInstanceInProgressChecks } from "./checks/updating-a-service-instance/in-progress.ts";
import { updatingInstanceMaintenanceInfoChecks } from "./checks/updating-a-service-instance/maintenance-info.ts";
import { updatingInstancePlansChecks } from "./checks/updating-a-service-instance/plans.ts";
import { updatingInstanceRefusalChecks } from "./checks/updating-a-service-instance/refusal.ts";
import { updatingInstanceRequestChecks } from "./checks/updating-a-service-instance/request.ts";
import { urlPropertiesChecks } from "./checks/url-properties.ts";
import { vendorExtensionFieldsChecks } from "./checks/vendor-extension-fields.ts";
import type { OsbCheck } from "./define.ts";
import { tryElsewhere } from "./elsewhere.ts";
import { blamePages } from "./judging/stand-in.ts";

const CHECKS: readonly OsbCheck[] = [
  ...changePolicyForMinorVersionsChecks,
  ...apiVersionHeaderChecks,
  ...originatingIdentityChecks,
  ...requestIdentityChecks,
  ...vendorExtensionFieldsChecks,
  ...authenticationChecks,
  ...urlPropertiesChecks,
  ...serviceBrokerErrorsChecks,
  ...contentTypeChecks,
  ...catalogManagementChecks,
  ...catalogObjectChecks,
  ...synchronousAndAsynchronousOperationsChecks,
  ...blockingOperationsChecks,
  ...pollingLastOperationInstancesChecks,
  ...pollingLastOperationBindingsChecks,
  ...pollingIntervalAndDurationChecks,
  ...provisioningCreationChecks,
  ...provisioningRequestChecks,
  ...provisioningMaintenanceInfoChecks,
  ...provisioningRepetitionChecks,
  ...provisioningInProgressChecks,
  ...provisioningDashboardChecks,
  ...fetchingInstanceChecks,
  ...updatingInstanceRequestChecks,
  ...updatingInstanceEffectChecks,
  ...updatingInstanceRefusalChecks,
  ...updatingInstancePlansChecks,
  ...updatingInstanceMaintenanceInfoChecks,
  ...updatingInstanceInProgressChecks,
  ...updatingInstanceDashboardChecks,
  ...updatingInstanceFailureChecks,
  ...bindingInformationChecks,
  ...bindingPermissionsChecks,
  ...bindingRequestChecks,
  ...bindingApplicationChecks,
  ...bindingRepetitionChecks,
  ...bindingInProgressChecks,
  ...bindingMetadataChecks,
  ...bindingRotationChecks,
  ...fetchingBindingChecks,
  ...unbindingChecks,
  ...deprovisioningChecks,
  ...orphanMitigationChecks,
  ...contextObjectChecks,
  ...responseBodyChecks,
];

/** Every check of the OSB API, by the headings of the specification and in their order. */
export const OSB_CHECKS: readonly OsbCheck[] = CHECKS.map(tryElsewhere).map(blamePages);
