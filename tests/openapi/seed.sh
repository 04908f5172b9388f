#!/bin/sh
# Fills a server with the hosts, events, rules, tags and tokens that schemathesis.toml names.
# Run it again to restore what a check deleted. Settings: NICELIST_SERVER, NICELIST_TOKEN and
# SANTA_URL, the SyncBaseURL of a host, with the enrollment secret in its path.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for tag in eng canary lab; do
    nicelist -q tag create "$tag" || true
done
for token in ci laptop; do
    nicelist -q token create "$token" --role viewer >/dev/null 2>&1 || true
done
for name in H1 H2 H3 H4 H5 H6 H7 H8; do
    nicelist -q lab sync "$SANTA_URL" --machine-id "$name" --serial "SERIAL-$name" \
        --hostname "$name.local" --user "user-$name@example.com" --group staff --no-backoff >/dev/null
    nicelist -q host tag "$name" eng
    nicelist -q host clean-sync "$name" --yes
done
cat >"$folder/rules.csv" <<'RULES'
target,policy,scope,cel,message,url,comment
teamid:AAAAAAAAAA,allow,fleet,,,,all hosts
teamid:BBBBBBBBBB,block,tag:eng,,No,https://it.example.com/why,engineering
signingid:AAAAAAAAAA:com.example.tool,block,group:staff,,,,a group
signingid:platform:com.apple.osascript,cel,user:user-H1@example.com,"'-e' in args ? BLOCKLIST : ALLOWLIST",,,a user
binary:1111111111111111111111111111111111111111111111111111111111111111,silent-block,host:H2,,,,a host
cdhash:2222222222222222222222222222222222222222,allow,tag:lab,,,,a tag without hosts
RULES
nicelist -q rule import "$folder/rules.csv" -m "seed"
nicelist -q settings set client-mode=lockdown enable-bundles=true --reason "seed"
nicelist -q settings set client-mode=monitor --scope tag:eng --reason "seed"

# The times are always the same, so that an event is created only once.
number=0
while [ "$number" -lt 40 ]; do
    number=$((number + 1))
    # Two events for each program. Its bundle has no other file.
    hash=$(printf '%064x' $((number / 2)))
    bundle=$(printf '%s' "$hash" | sha256sum | cut -c1-64)
    host="H$((number % 8 + 1))"
    case $((number % 4)) in
    0 | 2) decision=BLOCK_UNKNOWN ;;
    1) decision=BUNDLE_BINARY ;;
    3) decision=ALLOW_UNKNOWN ;;
    esac
    printf '{"machine_id":"%s","file_sha256":"%s","decision":"%s","execution_time":%s.5,' \
        "$host" "$hash" "$decision" "$((1795000000 + number))"
    printf '"file_path":"/Applications/App%s.app/Contents/MacOS","file_name":"App%s",' \
        "$number" "$number"
    printf '"executing_user":"anna","pid":%s,"ppid":1,"parent_name":"launchd",' "$number"
    printf '"team_id":"CCCCCCCCCC","signing_id":"CCCCCCCCCC:com.example.app%s",' "$number"
    printf '"file_bundle_id":"com.example.app%s","file_bundle_hash":"%s",' "$((number / 2))" "$bundle"
    printf '"file_bundle_binary_count":1,"file_bundle_name":"App%s"}\n' "$number"
done >"$folder/events.jsonl"
nicelist -q event import "$folder/events.jsonl"
