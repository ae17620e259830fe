package example;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.cloud.servicebroker.exception.ServiceBrokerAsyncRequiredException;
import org.springframework.cloud.servicebroker.exception.ServiceBrokerConcurrencyException;
import org.springframework.cloud.servicebroker.exception.ServiceInstanceBindingDoesNotExistException;
import org.springframework.cloud.servicebroker.exception.ServiceInstanceBindingExistsException;
import org.springframework.cloud.servicebroker.model.binding.CreateServiceInstanceAppBindingResponse;
import org.springframework.cloud.servicebroker.model.binding.CreateServiceInstanceBindingRequest;
import org.springframework.cloud.servicebroker.model.binding.CreateServiceInstanceBindingResponse;
import org.springframework.cloud.servicebroker.model.binding.DeleteServiceInstanceBindingRequest;
import org.springframework.cloud.servicebroker.model.binding.DeleteServiceInstanceBindingResponse;
import org.springframework.cloud.servicebroker.model.binding.Endpoint;
import org.springframework.cloud.servicebroker.model.binding.GetLastServiceBindingOperationRequest;
import org.springframework.cloud.servicebroker.model.binding.GetLastServiceBindingOperationResponse;
import org.springframework.cloud.servicebroker.model.binding.GetServiceInstanceAppBindingResponse;
import org.springframework.cloud.servicebroker.model.binding.GetServiceInstanceBindingRequest;
import org.springframework.cloud.servicebroker.model.binding.GetServiceInstanceBindingResponse;
import org.springframework.cloud.servicebroker.model.instance.OperationState;
import org.springframework.cloud.servicebroker.service.ServiceInstanceBindingService;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Mono;

/** Binds and unbinds. */
@Service
class Bindings implements ServiceInstanceBindingService {
    private static final Endpoint ENDPOINT =
            Endpoint.builder().host("127.0.0.1").ports("5672").protocol(Endpoint.Protocol.TCP).build();
    private final Instances instances;

    Bindings(Instances instances) {
        this.instances = instances;
    }

    @Override
    public Mono<CreateServiceInstanceBindingResponse> createServiceInstanceBinding(
            CreateServiceInstanceBindingRequest request) {
        return Mono.fromSupplier(() -> create(request));
    }

    private synchronized CreateServiceInstanceBindingResponse create(CreateServiceInstanceBindingRequest request) {
        Instance instance = instances.get(request.getServiceInstanceId());
        String id = request.getBindingId();
        List<Object> wanted =
                Arrays.asList(request.getServiceDefinitionId(), request.getPlanId(), request.getAppGuid(), request.getParameters());
        Instance.Binding existing = instance.bindings.get(id);
        if (existing != null) {
            if (!existing.wanted.equals(wanted))
                throw new ServiceInstanceBindingExistsException(request.getServiceInstanceId(), id);
            return existing.work.goesOn() ? begun() : told(existing).bindingExisted(true).build();
        }
        if (instance.work.goesOn()) throw new ServiceBrokerConcurrencyException("Something goes on");
        if (instance.takesTime() && !request.isAsyncAccepted())
            throw new ServiceBrokerAsyncRequiredException("This takes time");
        Map<String, Object> credentials = Map.of("username", id, "password", UUID.randomUUID().toString());
        Instance.Binding binding = new Instance.Binding(wanted, request.getParameters(), credentials);
        instance.bindings.put(id, binding);
        if (!instance.takesTime()) return told(binding).build();
        binding.work.begin("bind");
        return begun();
    }

    private static CreateServiceInstanceBindingResponse begun() {
        return CreateServiceInstanceAppBindingResponse.builder().async(true).operation("bind").build();
    }

    private static CreateServiceInstanceAppBindingResponse.CreateServiceInstanceAppBindingResponseBuilder told(
            Instance.Binding binding) {
        return CreateServiceInstanceAppBindingResponse.builder().credentials(binding.credentials).endpoints(ENDPOINT);
    }

    private Instance.Binding find(String instanceId, String bindingId) {
        Instance instance = instances.find(instanceId);
        return instance == null ? null : instance.bindings.get(bindingId);
    }

    private Instance.Binding get(String instanceId, String bindingId) {
        Instance.Binding binding = find(instanceId, bindingId);
        // The framework answers 410 or 404 to this exception only; to the one about instances it answers 422.
        if (binding == null) throw new ServiceInstanceBindingDoesNotExistException(bindingId);
        return binding;
    }

    @Override
    public Mono<DeleteServiceInstanceBindingResponse> deleteServiceInstanceBinding(
            DeleteServiceInstanceBindingRequest request) {
        return Mono.fromSupplier(() -> delete(request));
    }

    private synchronized DeleteServiceInstanceBindingResponse delete(DeleteServiceInstanceBindingRequest request) {
        Instance.Binding binding = get(request.getServiceInstanceId(), request.getBindingId());
        Instance instance = instances.get(request.getServiceInstanceId());
        if (!instance.takesTime()) {
            instance.bindings.remove(request.getBindingId());
            return DeleteServiceInstanceBindingResponse.builder().build();
        }
        if (!request.isAsyncAccepted()) throw new ServiceBrokerAsyncRequiredException("This takes time");
        boolean isAgain = binding.work.isGoingOn("unbind");
        if (binding.work.goesOn() && !isAgain) throw new ServiceBrokerConcurrencyException("It is being made");
        if (!isAgain) binding.work.begin("unbind");
        return DeleteServiceInstanceBindingResponse.builder().async(true).operation("unbind").build();
    }

    @Override
    public Mono<GetServiceInstanceBindingResponse> getServiceInstanceBinding(GetServiceInstanceBindingRequest request) {
        return Mono.fromSupplier(() -> {
            Instance.Binding binding = get(request.getServiceInstanceId(), request.getBindingId());
            if (binding.work.isGoingOn("bind"))
                throw new ServiceInstanceBindingDoesNotExistException(request.getBindingId());
            return GetServiceInstanceAppBindingResponse.builder()
                    .credentials(binding.credentials)
                    .parameters(binding.parameters)
                    .endpoints(ENDPOINT)
                    .build();
        });
    }

    @Override
    public Mono<GetLastServiceBindingOperationResponse> getLastOperation(GetLastServiceBindingOperationRequest request) {
        return Mono.fromSupplier(() -> {
            Instance.Binding binding = find(request.getServiceInstanceId(), request.getBindingId());
            if (binding == null) throw new Refusals.NothingToPoll(request.getBindingId());
            boolean isDeletion = binding.work.kind.equals("unbind");
            boolean goesOn = binding.work.goesOn();
            if (isDeletion && !goesOn)
                instances.get(request.getServiceInstanceId()).bindings.remove(request.getBindingId());
            return GetLastServiceBindingOperationResponse.builder()
                    .operationState(goesOn ? OperationState.IN_PROGRESS : OperationState.SUCCEEDED)
                    .deleteOperation(isDeletion)
                    .build();
        });
    }
}
