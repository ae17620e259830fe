// A session of Consul's own Go client: each line of its output says what one call answered.
package main

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"github.com/hashicorp/consul/api"
)

func show(step string, value any, err error) {
	if err != nil {
		fmt.Printf("%s: error %v\n", step, err)
		return
	}
	text, _ := json.Marshal(value)
	fmt.Printf("%s: %s\n", step, text)
}

func main() {
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		panic(err)
	}
	agent, catalog, health, kv := client.Agent(), client.Catalog(), client.Health(), client.KV()
	leader, err := client.Status().Leader()
	show("leader", leader != "", err)
	self, err := agent.Self()
	show("self", self["Config"]["NodeName"], err)

	show("register", nil, agent.ServiceRegister(&api.AgentServiceRegistration{
		ID: "web-1", Name: "web", Port: 8080, Tags: []string{"primary"}, Meta: map[string]string{"v": "1"},
		Check: &api.AgentServiceCheck{TTL: "30s", Status: "critical"},
	}))
	show("pass", nil, agent.UpdateTTL("service:web-1", "fine", api.HealthPassing))
	time.Sleep(500 * time.Millisecond)
	entries, meta, err := health.Service("web", "primary", true, nil)
	show("healthy", len(entries), err)
	if err == nil && len(entries) == 1 {
		show("entry", []any{entries[0].Service.ID, entries[0].Service.Port, entries[0].Checks.AggregatedStatus()}, nil)
	}
	// A blocking query: the change below wakes it.
	woken := make(chan string)
	go func() {
		found, _, err := health.Service("web", "", false, &api.QueryOptions{WaitIndex: meta.LastIndex, WaitTime: 20 * time.Second})
		if err != nil {
			woken <- err.Error()
			return
		}
		woken <- found[0].Checks.AggregatedStatus()
	}()
	time.Sleep(200 * time.Millisecond)
	show("fail", nil, agent.FailTTL("service:web-1", "down"))
	show("woken", <-woken, nil)
	services, _, err := catalog.Services(nil)
	names := []string{}
	for name := range services {
		names = append(names, name)
	}
	sort.Strings(names)
	show("services", names, err)
	filtered, err := agent.ServicesWithFilter(`Service == "web" and Meta.v == "1"`)
	show("filter", len(filtered), err)
	_, err = agent.ServicesWithFilter(`Service =`)
	show("bad filter", nil, err)

	_, err = kv.Put(&api.KVPair{Key: "app/a", Value: []byte("1"), Flags: 42}, nil)
	show("put", nil, err)
	pair, _, err := kv.Get("app/a", nil)
	show("get", []any{pair.Key, string(pair.Value), pair.Flags}, err)
	swapped, _, err := kv.CAS(&api.KVPair{Key: "app/a", Value: []byte("2"), ModifyIndex: pair.ModifyIndex + 100}, nil)
	show("stale cas", swapped, err)
	swapped, _, err = kv.CAS(&api.KVPair{Key: "app/a", Value: []byte("2"), ModifyIndex: pair.ModifyIndex}, nil)
	show("cas", swapped, err)
	ok, txn, _, err := kv.Txn(api.KVTxnOps{{Verb: api.KVSet, Key: "app/b", Value: []byte("x")}, {Verb: api.KVGet, Key: "app/a"}}, nil)
	show("txn", []any{ok, len(txn.Results), len(txn.Errors)}, err)
	keys, _, err := kv.Keys("app/", "", nil)
	show("keys", keys, err)

	lock, err := client.LockOpts(&api.LockOptions{Key: "lock", SessionTTL: "10s", LockTryOnce: true, LockWaitTime: time.Second})
	show("lock", nil, err)
	held, err := lock.Lock(nil)
	show("locked", held != nil, err)
	other, _ := client.LockOpts(&api.LockOptions{Key: "lock", LockTryOnce: true, LockWaitTime: 300 * time.Millisecond})
	second, err := other.Lock(nil)
	show("locked twice", second != nil, err)
	show("unlock", nil, lock.Unlock())
	semaphore, err := client.SemaphorePrefix("slots", 1)
	show("semaphore", nil, err)
	slot, err := semaphore.Acquire(nil)
	show("acquired", slot != nil, err)
	show("released", nil, semaphore.Release())

	id, _, err := client.PreparedQuery().Create(&api.PreparedQueryDefinition{Name: "any-web", Service: api.ServiceQuery{Service: "web"}}, nil)
	show("query", id != "", err)
	found, _, err := client.PreparedQuery().Execute("any-web", nil)
	show("executed", len(found.Nodes), err)

	_, _, err = client.ConfigEntries().Set(&api.ServiceConfigEntry{Kind: api.ServiceDefaults, Name: "web", Protocol: "http"}, nil)
	show("config entry", nil, err)
	entry, _, err := client.ConfigEntries().Get(api.ServiceDefaults, "web", nil)
	if err == nil {
		show("protocol", entry.(*api.ServiceConfigEntry).Protocol, nil)
	} else {
		show("protocol", nil, err)
	}
	allowed, _, err := client.Connect().IntentionCheck(&api.IntentionCheck{Source: "a", Destination: "web"}, nil)
	show("intention", allowed, err)
	event, _, err := client.Event().Fire(&api.UserEvent{Name: "deploy", Payload: []byte("now")}, nil)
	show("event", event != "", err)
	members, err := agent.Members(false)
	show("members", len(members), err)
	_, _, err = client.ACL().TokenList(nil)
	show("tokens", nil, err)
	show("maintenance", nil, agent.EnableServiceMaintenance("web-1", "rest"))
	status, _, err := agent.AgentHealthServiceByID("web-1")
	show("status", status, err)
	show("maintenance ends", nil, agent.DisableServiceMaintenance("web-1"))
	show("deregister", nil, agent.ServiceDeregister("web-1"))
	show("deregister again", nil, agent.ServiceDeregister("web-1"))
	_, err = catalog.Register(&api.CatalogRegistration{Node: "n1", Address: "10.0.0.1", Service: &api.AgentService{Service: "db", Port: 5432}}, nil)
	show("catalog", nil, err)
	nodes, _, err := catalog.Service("db", "", nil)
	show("db", []any{nodes[0].Node, nodes[0].Address, nodes[0].ServicePort}, err)
	_, err = catalog.Deregister(&api.CatalogDeregistration{Node: "n1", Address: "10.0.0.1"}, nil)
	show("catalog deregister", nil, err)
}
