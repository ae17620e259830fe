import { apiVersionHeaderMutants } from "./api-version-header.ts";
import { authenticationMutants } from "./authentication.ts";
import { bindingRotationMutants } from "./binding-rotation.ts";
import { bindingApplicationMutants } from "./binding/application.ts";
import { bindingInProgressMutants } from "./binding/in-progress.ts";
import { bindingInformationMutants } from "./binding/information.ts";
import { bindingMetadataMutants } from "./binding/metadata.ts";
import { bindingPermissionsMutants } from "./binding/permissions.ts";
import { bindingRepetitionMutants } from "./binding/repetition.ts";
import { bindingRequestMutants } from "./binding/request.ts";
import { blockingOperationsMutants } from "./blocking-operations.ts";
import { catalogManagementMutants } from "./catalog-management.ts";
import { catalogMutants } from "./catalog-objects.ts";
import { changePolicyForMinorVersionsMutants } from "./change-policy-for-minor-versions.ts";
import { contentTypeMutants } from "./content-type.ts";
import { contextObjectMutants } from "./context-object.ts";
import { deprovisioningMutants } from "./deprovisioning.ts";
import { fetchingBindingMutants } from "./fetching-a-service-binding.ts";
import { fetchingInstanceMutants } from "./fetching-a-service-instance.ts";
import type { Mutant } from "./mutant.ts";
import { originatingIdentityMutants } from "./originating-identity.ts";
import { orphanMitigationMutants } from "./orphan-mitigation.ts";
import { pollingIntervalAndDurationMutants } from "./polling-interval-and-duration.ts";
import { pollingLastOperationBindingsMutants } from "./polling-last-operation/bindings.ts";
import { pollingLastOperationInstancesMutants } from "./polling-last-operation/instances.ts";
import { provisioningCreationMutants } from "./provisioning/creation.ts";
import { provisioningDashboardMutants } from "./provisioning/dashboard.ts";
import { provisioningInProgressMutants } from "./provisioning/in-progress.ts";
import { provisioningMaintenanceInfoMutants } from "./provisioning/maintenance-info.ts";
import { provisioningRepetitionMutants } from "./provisioning/repetition.ts";
import { provisioningRequestMutants } from "./provisioning/request.ts";
import { requestIdentityMutants } from "./request-identity.ts";
import { bodyMutants } from "./response-bodies.ts";
import { serviceBrokerErrorsMutants } from "./service-broker-errors.ts";
import { synchronousAndAsynchronousOperationsMutants } from "./synchronous-and-asynchronous-operations.ts";
import { unbindingMutants } from "./unbinding.ts";
import { updatingInstanceDashboardMutants } from "./updating-a-service-instance/dashboard.ts";
import { updatingInstanceEffectMutants } from "./updating-a-service-instance/effect.ts";
import { updatingInstanceFailureMutants } from "./updating-a-service-instance/failure.ts";
import { updatingInstanceMaintenanceInfoMutants } from "./updating-a-service-instance/maintenance-info.ts";
import { updatingInstancePlansMutants } from "./updating-a-service-instance/plans.ts";
import { updatingInstanceRequestMutants } from "./updating-a-service-instance/request.ts";
import { urlPropertiesMutants } from "./url-properties.ts";
import { vendorExtensionFieldsMutants } from "./vendor-extension-fields.ts";

/** Every planted defect of the OSB suite, in files that are named like those of the checks, and in their order. */
export const OSB_MUTANTS: readonly Mutant[] = requireUniqueIds([
  ...changePolicyForMinorVersionsMutants,
  ...apiVersionHeaderMutants,
  ...originatingIdentityMutants,
  ...requestIdentityMutants,
  ...vendorExtensionFieldsMutants,
  ...authenticationMutants,
  ...urlPropertiesMutants,
  ...serviceBrokerErrorsMutants,
  ...contentTypeMutants,
  ...catalogManagementMutants,
  ...catalogMutants,
  ...synchronousAndAsynchronousOperationsMutants,
  ...blockingOperationsMutants,
  ...pollingLastOperationInstancesMutants,
  ...pollingLastOperationBindingsMutants,
  ...pollingIntervalAndDurationMutants,
  ...provisioningCreationMutants,
  ...provisioningRequestMutants,
  ...provisioningMaintenanceInfoMutants,
  ...provisioningRepetitionMutants,
  ...provisioningInProgressMutants,
  ...provisioningDashboardMutants,
  ...fetchingInstanceMutants,
  ...updatingInstanceRequestMutants,
  ...updatingInstanceEffectMutants,
  ...updatingInstancePlansMutants,
  ...updatingInstanceMaintenanceInfoMutants,
  ...updatingInstanceDashboardMutants,
  ...updatingInstanceFailureMutants,
  ...bindingInformationMutants,
  ...bindingPermissionsMutants,
  ...bindingRequestMutants,
  ...bindingApplicationMutants,
  ...bindingRepetitionMutants,
  ...bindingInProgressMutants,
  ...bindingMetadataMutants,
  ...bindingRotationMutants,
  ...fetchingBindingMutants,
  ...unbindingMutants,
  ...deprovisioningMutants,
  ...orphanMitigationMutants,
  ...contextObjectMutants,
  ...bodyMutants,
]);

/** @throws Error when two mutants have one id */
function requireUniqueIds(mutants: readonly Mutant[]): readonly Mutant[] {
  const seen = new Set<string>();
  for (const { id } of mutants) {
    if (seen.has(id)) throw new Error(`two mutants are called "${id}": give one an id`);
    seen.add(id);
  }
  return mutants;
}
