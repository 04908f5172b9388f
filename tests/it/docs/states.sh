# Stand-ins for programs that cannot run in a test, and the states in which the emergencies begin.
# The test sets HOME, PORT, ADMIN and ENROLLMENT.

trap 'kill $(jobs -p) 2> /dev/null || true' EXIT

apt-get() { :; }
cargo() { :; }
curl() { :; }
sudo() {
    if [ "$1" = -u ]; then shift 2; fi
    "$@"
}
systemctl() {
    case "$*" in
    "start nicelist")
        NICELIST_BOOTSTRAP_TOKEN=$ADMIN NICELIST_ENROLLMENT_SECRET=$ENROLLMENT \
            nicelist serve --database "sqlite:$HOME/var/lib/nicelist/nicelist.db" \
            --listen "127.0.0.1:$PORT" 2> "$HOME/serve.log" &
        server=$!
        until grep -qs ' serves ' "$HOME/serve.log"; do
            kill -0 "$server"
            sleep 0.1
        done
        ;;
    "stop nicelist")
        kill "$server"
        wait "$server" || true
        ;;
    *) return 2 ;;
    esac
}

# Syncs two Macs with the enrollment secret $secret.
sync_macs() {
    for name in anna mira; do
        nicelist lab sync "http://127.0.0.1:$PORT/santa/" --secret "$secret" --no-backoff \
            --state "$HOME/$name.json" --hostname "${name}s-mac.local" --machine-id "MAC-$name" \
            --serial "C02$name" --user "$name" "$@" > /dev/null
    done
}

# Syncs the Macs until the columns $1 of each host are $2.
until_all_hosts_are() {
    for _ in {1..20}; do
        sync_macs
        if ! nicelist host list -o csv --columns "$1" | tail -n +2 | grep -qvx "$2"; then
            return
        fi
        sleep 0.5
    done
    nicelist host list
    return 1
}

quick_start_before() {
    mkdir "$HOME/.cargo"
    touch "$HOME/.cargo/env"
}
quick_start_after() { :; }

# A server with two Macs that are in sync with revision 2.
fleet() {
    mkdir -p "$HOME/var/lib/nicelist/backups"
    secret=$ENROLLMENT
    systemctl start nicelist
    export NICELIST_SERVER=http://127.0.0.1:$PORT NICELIST_TOKEN=$ADMIN
    nicelist rule add allow teamid:EQHXZ8M8AV
    nicelist rule add block signingid:platform:com.apple.nc
    sync_macs
}

# A setting blocks Keynote, and Macs have reported it.
lockout_before() {
    fleet
    nicelist settings set client-mode=lockdown 'blocked-path-regex=^/Applications/' -m 'stricter'
    cat > "$HOME/blocked.json" <<'END'
[{
  "file_name": "Keynote",
  "file_path": "/Applications/Keynote.app/Contents/MacOS",
  "file_sha256": "7ae80b9ab38af0c63a9a81765f434d9a7cd8f720eb6037ef303de39d779bc258",
  "team_id": "74J34U3R6X",
  "signing_id": "74J34U3R6X:com.apple.iWork.Keynote",
  "executing_user": "anna",
  "execution_time": 1795163464,
  "decision": "BLOCK_SCOPE"
}]
END
    sync_macs --events "$HOME/blocked.json"
}
lockout_after() { until_all_hosts_are state,mode,reported in-sync,monitor,monitor; }

# The database was deleted while the server runs, after a change that the backup does not have.
lost_database_before() {
    fleet
    nicelist database backup "$HOME/var/lib/nicelist/backups/nicelist-4be1c07a-20261129T020000Z.db" \
        --database "sqlite:$HOME/var/lib/nicelist/nicelist.db"
    nicelist rule add block teamid:UBF8T346G9
    sync_macs
    rm "$HOME"/var/lib/nicelist/nicelist.db*
}
# The clean syncs of the other hosts are spread over time, so only the host of the page is ready.
lost_database_after() {
    for _ in {1..4}; do sync_macs; done
    nicelist host list
    [ "$(nicelist host list annas-mac -o csv --columns state | tail -n 1)" = in-sync ]
    grep -q com.apple.nc "$HOME/anna.json"
    ! grep -q UBF8T346G9 "$HOME/anna.json"
}

lost_token_before() { fleet; }
lost_token_after() {
    nicelist status
    if nicelist status --token "$ADMIN"; then return 1; fi
}

# Someone else enrolled a host with the secret.
leaked_secret_before() {
    fleet
    nicelist lab sync "http://127.0.0.1:$PORT/santa/" --secret "$ENROLLMENT" --no-backoff \
        --hostname stranger.local --machine-id stranger --serial C02EVE --user eve
}
leaked_secret_after() {
    if sync_macs; then return 1; fi
    secret=$(sed -n 's/.*Bearer \([^<]*\)<.*/\1/p' macs-2027.mobileconfig)
    until_all_hosts_are hostname,state '\(anna\|mira\)s-mac.local,in-sync'
}

# A rule that blocks a team is on every Mac. The Macs sync once a second.
bad_rule_before() {
    fleet
    nicelist rule add block teamid:UBF8T346G9 -m 'block old Office'
    sync_macs
    while sleep 1; do sync_macs || true; done > /dev/null 2>&1 &
}
bad_rule_after() {
    until_all_hosts_are state in-sync
    ! grep -q UBF8T346G9 "$HOME/anna.json"
}
