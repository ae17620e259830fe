"""An asynchronous broker on the openbrokerapi framework. Run: BROKER_PASSWORD=secret python broker.py 8081"""

import logging
import os
import sys
import time
import uuid

from flask import Flask, request
from openbrokerapi import api, errors
from openbrokerapi.catalog import ServicePlan
from openbrokerapi.service_broker import (
    Binding,
    BindState,
    DeprovisionServiceSpec,
    GetBindingSpec,
    GetInstanceDetailsSpec,
    LastOperation,
    OperationState,
    ProvisionedServiceSpec,
    ProvisionState,
    Service,
    ServiceBroker,
    UnbindSpec,
    UpdateServiceSpec,
)

SERVICE = "5d1f0c7e-33b1-4c6e-9a38-0f1fd4a40a01"
SMALL = "5d1f0c7e-33b1-4c6e-9a38-0f1fd4a40a02"
BIG = "5d1f0c7e-33b1-4c6e-9a38-0f1fd4a40a03"
WORK_S = 0.1


class NothingToPoll(Exception):
    """There is no such instance; the framework would say 410, which is meant for what has just been deleted."""


class Queue(ServiceBroker):
    def __init__(self):
        self.instances = {}

    def catalog(self):
        return Service(
            id=SERVICE,
            name="queue",
            description="Queues messages",
            bindable=True,
            plan_updateable=True,
            instances_retrievable=True,
            bindings_retrievable=True,
            plans=[
                ServicePlan(id=SMALL, name="small", description="A thousand messages", free=True),
                ServicePlan(id=BIG, name="big", description="A million messages", free=False),
            ],
        )

    def _instance(self, instance_id, otherwise=errors.ErrInstanceDoesNotExist):
        # The framework turns each exception into an answer in some methods only; elsewhere it becomes a 500.
        if instance_id not in self.instances:
            raise otherwise()
        return self.instances[instance_id]

    def _check_service(self, details):
        if details.service_id != SERVICE:
            raise errors.ErrBadRequest("service_id is not in the catalog")

    def _check(self, details):
        # The framework checks plans, not offerings and not the types of what it hands on.
        self._check_service(details)
        if details.parameters is not None and not isinstance(details.parameters, dict):
            raise errors.ErrBadRequest("parameters must be an object")

    def _begin(self, instance, kind, **outcome):
        instance["operation"] = {"kind": kind, "until": time.monotonic() + WORK_S, **outcome}

    def _busy(self, instance):
        operation = instance["operation"]
        return operation is not None and time.monotonic() < operation["until"]

    def provision(self, instance_id, details, async_allowed, **kwargs):
        self._check(details)
        if not all(isinstance(guid, str) for guid in (details.organization_guid, details.space_guid)):
            raise errors.ErrBadRequest("organization_guid and space_guid must be strings")
        wanted = (details.plan_id, details.parameters, details.organization_guid, details.space_guid)
        existing = self.instances.get(instance_id)
        if existing is not None:
            if existing["wanted"] != wanted:
                raise errors.ErrInstanceAlreadyExists()
            if self._busy(existing):
                return ProvisionedServiceSpec(ProvisionState.IS_ASYNC, operation="provision")
            return ProvisionedServiceSpec(ProvisionState.IDENTICAL_ALREADY_EXISTS)
        if not async_allowed:
            raise errors.ErrAsyncRequired()
        instance = {"wanted": wanted, "plan": details.plan_id, "parameters": details.parameters, "bindings": {}}
        self._begin(instance, "provision")
        self.instances[instance_id] = instance
        return ProvisionedServiceSpec(ProvisionState.IS_ASYNC, operation="provision")

    def update(self, instance_id, details, async_allowed, **kwargs):
        self._check(details)
        if details.plan_id == "":
            raise errors.ErrBadRequest("plan_id is empty")
        instance = self._instance(instance_id, errors.ErrBadRequest)
        if not async_allowed:
            raise errors.ErrAsyncRequired()
        wanted = (details.plan_id, details.parameters)
        if self._busy(instance):
            if instance["operation"].get("wanted") != wanted:
                raise errors.ErrConcurrentInstanceAccess()
            return UpdateServiceSpec(True, "update")
        instance["plan"] = details.plan_id or instance["plan"]
        instance["parameters"] = {**(instance["parameters"] or {}), **(details.parameters or {})} or None
        self._begin(instance, "update", wanted=wanted)
        return UpdateServiceSpec(True, "update")

    def deprovision(self, instance_id, details, async_allowed, **kwargs):
        self._check_service(details)
        instance = self._instance(instance_id)
        if not async_allowed:
            raise errors.ErrAsyncRequired()
        if self._busy(instance):
            if instance["operation"]["kind"] == "deprovision":
                return DeprovisionServiceSpec(True, "deprovision")
            raise errors.ErrConcurrentInstanceAccess()
        self._begin(instance, "deprovision")
        return DeprovisionServiceSpec(True, "deprovision")

    def bind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        self._check(details)
        instance = self._instance(instance_id, errors.ErrBadRequest)
        if self._busy(instance):
            raise errors.ErrConcurrentInstanceAccess()
        if details.plan_id != instance["plan"]:
            raise errors.ErrBadRequest("plan_id is not the instance's")
        existing = instance["bindings"].get(binding_id)
        if existing is not None:
            if existing["parameters"] != details.parameters:
                raise errors.ErrBindingAlreadyExists()
            return Binding(BindState.IDENTICAL_ALREADY_EXISTS, credentials=existing["credentials"])
        credentials = {"uri": f"queue://{binding_id}:{uuid.uuid4().hex}@127.0.0.1/{instance_id}"}
        instance["bindings"][binding_id] = {"parameters": details.parameters, "credentials": credentials}
        return Binding(BindState.SUCCESSFUL_BOUND, credentials=credentials)

    def unbind(self, instance_id, binding_id, details, async_allowed, **kwargs):
        self._check_service(details)
        if self._instance(instance_id, errors.ErrBindingDoesNotExist)["bindings"].pop(binding_id, None) is None:
            raise errors.ErrBindingDoesNotExist()
        return UnbindSpec(False)

    def get_instance(self, instance_id, **kwargs):
        instance = self._instance(instance_id)
        if self._busy(instance):
            if instance["operation"]["kind"] == "provision":
                raise errors.ErrInstanceDoesNotExist()
            raise errors.ErrConcurrentInstanceAccess()
        return GetInstanceDetailsSpec(SERVICE, instance["plan"], parameters=instance["parameters"])

    def get_binding(self, instance_id, binding_id, **kwargs):
        binding = self._instance(instance_id, errors.ErrBindingDoesNotExist)["bindings"].get(binding_id)
        if binding is None:
            raise errors.ErrBindingDoesNotExist()
        return GetBindingSpec(credentials=binding["credentials"], parameters=binding["parameters"])

    def last_operation(self, instance_id, operation_data, **kwargs):
        instance = self._instance(instance_id, NothingToPoll)
        if self._busy(instance):
            return LastOperation(OperationState.IN_PROGRESS, "Working")
        if instance["operation"]["kind"] == "deprovision":
            del self.instances[instance_id]
            raise errors.ErrInstanceDoesNotExist()
        return LastOperation(OperationState.SUCCEEDED, "Done")


app = Flask(__name__)


@app.after_request
def echo_identity(response):
    identity = request.headers.get("X-Broker-API-Request-Identity")
    if identity is not None:
        response.headers["X-Broker-API-Request-Identity"] = identity
    return response


password = os.environ.get("BROKER_PASSWORD", "secret")
blueprint = api.get_blueprint(Queue(), api.BrokerCredentials("admin", password), logging.getLogger("broker"))
blueprint.register_error_handler(NothingToPoll, lambda error: ({"description": "There is no such instance"}, 404))
app.register_blueprint(blueprint)
app.run("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8081)
