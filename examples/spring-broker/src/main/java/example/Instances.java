package example;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.cloud.servicebroker.exception.ServiceBrokerAsyncRequiredException;
import org.springframework.cloud.servicebroker.exception.ServiceBrokerConcurrencyException;
import org.springframework.cloud.servicebroker.exception.ServiceDefinitionPlanDoesNotExistException;
import org.springframework.cloud.servicebroker.exception.ServiceInstanceDoesNotExistException;
import org.springframework.cloud.servicebroker.exception.ServiceInstanceExistsException;
import org.springframework.cloud.servicebroker.model.instance.CreateServiceInstanceRequest;
import org.springframework.cloud.servicebroker.model.instance.CreateServiceInstanceResponse;
import org.springframework.cloud.servicebroker.model.instance.DeleteServiceInstanceRequest;
import org.springframework.cloud.servicebroker.model.instance.DeleteServiceInstanceResponse;
import org.springframework.cloud.servicebroker.model.instance.GetLastServiceOperationRequest;
import org.springframework.cloud.servicebroker.model.instance.GetLastServiceOperationResponse;
import org.springframework.cloud.servicebroker.model.instance.GetServiceInstanceRequest;
import org.springframework.cloud.servicebroker.model.instance.GetServiceInstanceResponse;
import org.springframework.cloud.servicebroker.model.instance.OperationState;
import org.springframework.cloud.servicebroker.model.instance.UpdateServiceInstanceRequest;
import org.springframework.cloud.servicebroker.model.instance.UpdateServiceInstanceResponse;
import org.springframework.cloud.servicebroker.service.ServiceInstanceService;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Mono;

/** Provisions, updates and deletes instances. */
@Service
class Instances implements ServiceInstanceService {
    private final Map<String, Instance> instances = new ConcurrentHashMap<>();

    Instance find(String id) {
        return instances.get(id);
    }

    Instance get(String id) {
        Instance instance = find(id);
        if (instance == null) throw new ServiceInstanceDoesNotExistException(id);
        return instance;
    }

    @Override
    public Mono<CreateServiceInstanceResponse> createServiceInstance(CreateServiceInstanceRequest request) {
        return Mono.fromSupplier(() -> create(request));
    }

    private synchronized CreateServiceInstanceResponse create(CreateServiceInstanceRequest request) {
        String id = request.getServiceInstanceId();
        List<Object> wanted = Arrays.asList(
                request.getServiceDefinitionId(),
                request.getPlanId(),
                request.getOrganizationGuid(),
                request.getSpaceGuid(),
                request.getParameters());
        Instance existing = instances.get(id);
        if (existing != null) {
            if (!existing.wanted.equals(wanted)) throw new ServiceInstanceExistsException(id, request.getServiceDefinitionId());
            boolean goesOn = existing.work.goesOn();
            return CreateServiceInstanceResponse.builder()
                    .instanceExisted(!goesOn)
                    .async(goesOn)
                    .operation(goesOn ? existing.work.kind : null)
                    .build();
        }
        Instance instance =
                new Instance(wanted, request.getServiceDefinitionId(), request.getPlanId(), request.getParameters());
        begin(instance, "provision", request.isAsyncAccepted());
        instances.put(id, instance);
        return CreateServiceInstanceResponse.builder()
                .async(instance.takesTime())
                .operation(instance.takesTime() ? "provision" : null)
                .build();
    }

    @Override
    public Mono<UpdateServiceInstanceResponse> updateServiceInstance(UpdateServiceInstanceRequest request) {
        return Mono.fromSupplier(() -> update(request));
    }

    private synchronized UpdateServiceInstanceResponse update(UpdateServiceInstanceRequest request) {
        Instance instance = get(request.getServiceInstanceId());
        // The framework looks up plans of new instances, not those of updates.
        if (request.getPlanId() != null && request.getPlan() == null)
            throw new ServiceDefinitionPlanDoesNotExistException(request.getPlanId());
        List<Object> update = Arrays.asList(request.getPlanId(), request.getParameters());
        boolean isAgain = instance.work.isGoingOn("update") && update.equals(instance.update);
        if (!isAgain) begin(instance, "update", request.isAsyncAccepted());
        instance.update = update;
        if (request.getPlanId() != null) instance.plan = request.getPlanId();
        // The framework makes an empty map of parameters that were not sent.
        if (!request.getParameters().isEmpty()) instance.parameters = request.getParameters();
        return UpdateServiceInstanceResponse.builder()
                .async(instance.takesTime())
                .operation(instance.takesTime() ? "update" : null)
                .build();
    }

    @Override
    public Mono<DeleteServiceInstanceResponse> deleteServiceInstance(DeleteServiceInstanceRequest request) {
        return Mono.fromSupplier(() -> delete(request));
    }

    private synchronized DeleteServiceInstanceResponse delete(DeleteServiceInstanceRequest request) {
        Instance instance = get(request.getServiceInstanceId());
        if (!instance.work.isGoingOn("deprovision")) begin(instance, "deprovision", request.isAsyncAccepted());
        if (!instance.takesTime()) instances.remove(request.getServiceInstanceId());
        return DeleteServiceInstanceResponse.builder()
                .async(instance.takesTime())
                .operation(instance.takesTime() ? "deprovision" : null)
                .build();
    }

    private static void begin(Instance instance, String kind, boolean isAsyncAccepted) {
        if (!instance.takesTime()) return;
        if (!isAsyncAccepted) throw new ServiceBrokerAsyncRequiredException("This takes time");
        if (instance.work.goesOn()) throw new ServiceBrokerConcurrencyException("Something goes on already");
        instance.work.begin(kind);
    }

    @Override
    public Mono<GetServiceInstanceResponse> getServiceInstance(GetServiceInstanceRequest request) {
        return Mono.fromSupplier(() -> {
            Instance instance = get(request.getServiceInstanceId());
            if (instance.work.isGoingOn("provision"))
                throw new ServiceInstanceDoesNotExistException(request.getServiceInstanceId());
            if (instance.work.goesOn()) throw new ServiceBrokerConcurrencyException("Something goes on");
            return GetServiceInstanceResponse.builder()
                    .serviceDefinitionId(instance.service)
                    .planId(instance.plan)
                    .parameters(instance.parameters)
                    .build();
        });
    }

    @Override
    public Mono<GetLastServiceOperationResponse> getLastOperation(GetLastServiceOperationRequest request) {
        return Mono.fromSupplier(() -> {
            Instance instance = find(request.getServiceInstanceId());
            if (instance == null) throw new Refusals.NothingToPoll(request.getServiceInstanceId());
            boolean isDeletion = instance.work.kind.equals("deprovision");
            boolean goesOn = instance.work.goesOn();
            if (isDeletion && !goesOn) instances.remove(request.getServiceInstanceId());
            return GetLastServiceOperationResponse.builder()
                    .operationState(goesOn ? OperationState.IN_PROGRESS : OperationState.SUCCEEDED)
                    .deleteOperation(isDeletion)
                    .build();
        });
    }
}
