# A session of the command line client. Each command's output, and its exit code where it fails.
show() {
  echo "+ $*"
  timeout 20 "$CONSUL" "$@" 2>&1 || echo "exit code $?"
}
show members
show catalog datacenters
show catalog nodes
show catalog services
show kv put app/a 1
show kv put -flags=42 app/b 2
show kv get app/a
show kv get -detailed app/b
show kv get -recurse app
show kv get -keys -separator= app
show kv get none
show kv put -cas -modify-index=1 app/a x
show kv delete -cas -modify-index=1 app/a
show kv export app
show kv delete -recurse app
show services register -name=web -port=80 -tag=v1
show catalog services -tags
show services deregister -id=web
show services deregister -id=web
echo '{"Kind": "service-defaults", "Name": "web", "Protocol": "http"}' >"$WORK/web.json"
show config write "$WORK/web.json"
show config read -kind=service-defaults -name=web
show config list -kind=service-defaults
show config delete -kind=service-defaults -name=web
show intention create -deny a b
show intention check a b
show intention get a b
show intention list
show intention delete a b
show event -name=deploy payload
show maint
show maint -enable -reason=rest
show maint
show maint -disable
show operator raft list-peers
show operator autopilot get-config
show operator autopilot set-config -cleanup-dead-servers=false
show operator usage instances
show acl policy list
show connect ca get-config
show rtt agent-1
show lock -timeout=5s locks/x "echo held"
show exec -wait=1s uptime
show watch -type=key -key=none
show watch -type=nodes
show watch -type=service -service=consul
show snapshot save "$WORK/backup"
show force-leave none
show join 127.0.0.9
show reload
show keyring -list
show peering list
show services export -name=web -consumer-peers=east
show resource list
