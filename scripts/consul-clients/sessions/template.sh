# consul-template renders what it finds once, and again when that changes.
printf '{{ range service "db" }}{{ .Node }} {{ .Address }}:{{ .Port }}\n{{ end }}' >"$WORK/services.tpl"
printf '{{ key "app/name" }} {{ keyOrDefault "none" "default" }}{{ range ls "app" }} {{ .Key }}={{ .Value }}{{ end }}\n' >"$WORK/keys.tpl"
printf '{{ range datacenters }}{{ . }}{{ end }} {{ range nodes }}{{ .Node }} {{ end }}{{ range services }}{{ .Name }}{{ .Tags | join "," }} {{ end }}\n' >"$WORK/all.tpl"
put() { curl -sS -X PUT "http://$CONSUL_HTTP_ADDR$1" -d "$2" >/dev/null; }
put /v1/catalog/register '{"Node": "n1", "Address": "10.0.0.1", "Service": {"Service": "db", "Port": 5432}}'
put /v1/kv/app/name shop
for name in services keys all; do
  timeout -s KILL 30 "$TEMPLATE" -once -log-level=err -template "$WORK/$name.tpl:$WORK/$name.out" || echo "exit code $?"
  echo "$name:"
  cat "$WORK/$name.out"
done
"$TEMPLATE" -log-level=err -template "$WORK/services.tpl:$WORK/live.out" &
watcher=$!
sleep 2
put /v1/catalog/register '{"Node": "n2", "Address": "10.0.0.2", "Service": {"Service": "db", "Port": 5433}}'
for _ in $(seq 50); do
  grep -q n2 "$WORK/live.out" 2>/dev/null && break
  sleep 0.2
done
kill -KILL "$watcher"
echo "after a change:"
cat "$WORK/live.out"
