# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_nicelist_global_optspecs
    string join \n server= token= ca= context= database= o/output= color= raw q/quiet v/verbose h/help V/version
end

function __fish_nicelist_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_nicelist_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_nicelist_using_subcommand
    set -l cmd (__fish_nicelist_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c nicelist -n "__fish_nicelist_needs_command" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_needs_command" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_needs_command" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_needs_command" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_needs_command" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_needs_command" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_needs_command" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_needs_command" -s V -l version -d 'Print version'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "serve" -d 'Run the sync server and the admin API'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "status" -d 'Show the health of the server and its hosts'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "demo" -d 'Try nicelist on this machine with a simulated fleet'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "rule" -d 'Add, edit, remove, show and import rules'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "host" -d 'List, inspect and tag hosts'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "event" -d 'View events from hosts, and approve or block programs'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "program" -d 'List and inspect the programs that hosts reported'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "tag" -d 'Create, list and delete tags for hosts'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "settings" -d 'Show and change Santa settings'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "plan" -d 'Show what a manifest would change'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "apply" -d 'Apply a manifest of tags, settings and rules'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "export" -d 'Export the whole policy as a manifest'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "history" -d 'Show who changed what, when and why'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "rollback" -d 'Roll back rules, settings and tags to an earlier revision'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "token" -d 'Create, list and revoke API tokens and enrollment secrets'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "database" -d 'Back up, restore, copy and check databases'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "lab" -d 'Test sync servers with simulated Macs'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "config" -d 'View and change the settings of the command line'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "completions" -d 'Print shell completions'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "version" -d 'Show the version of nicelist and of the server'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "help" -d 'Show the help of a command'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "man" -d 'Write manual pages to a folder'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l listen -d 'Address to listen on; port 0 chooses a free port' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l sync-auth -d 'Credential that hosts must send to sync' -r -f -a "secret\t'An enrollment secret, as a bearer token or in the path /santa/SECRET/'
certificate\t'Only a client certificate; requires --client-ca'
none\t'Nothing: anyone who can reach the port can sync'"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l largest-body -d 'Maximum body size of requests from hosts, compressed and decompressed' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l durability -d 'Failures that saved data must survive (SQLite only)' -r -f -a "power\t'Power failures: every commit waits for the disk'
process\t'Process crashes: a power failure may lose the last seconds'"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l longest-gap -d 'Pause expiry and deletion if, at start, the database was last used longer ago than this' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l restore-spread -d 'After a restore, spread the clean syncs of hosts over this time' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l trusted-proxy -d 'Trust this proxy\'s reports about client addresses; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l proxy-header -d 'The header in which trusted proxies report client addresses' -r -f -a "x-forwarded-for\t'X-Forwarded-For'
forwarded\t'Forwarded (RFC 7239)'"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l connections -d 'Accept at most N connections at the same time [default: 16384, or fewer if file descriptors are limited]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l connections-per-address -d 'Accept at most N connections from one address [default: a quarter of all]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l handshake-timeout -d 'Close connections whose TLS handshake takes longer than this' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l header-timeout -d 'Close connections that take longer than this to send the headers of a request' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l idle-timeout -d 'Close connections that are idle for longer than this between two requests' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l write-timeout -d 'Close connections whose client reads nothing of a response for this long' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l shutdown-timeout -d 'On shutdown, wait at most this long for requests in progress' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l host-requests-per-minute -d 'Accept at most N requests from one host per minute [default: 3000]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l address-requests-per-minute -d 'Accept at most N requests from one address per minute [default: 600000]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l wrong-secrets-per-minute -d 'Allow at most N wrong secrets from one address per minute [default: 6000]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l new-hosts-per-minute -d 'Accept at most N new hosts per minute [default: 10000]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l events-per-day -d 'Keep at most N new events from one host per day [default: 50000]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l tls-cert -d 'Use TLS with the certificate chain in this PEM file, server certificate first' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l tls-key -d 'Private key of the certificate: a PEM file without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l client-ca -d 'Require a client certificate from hosts, signed by a CA in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l client-crl -d 'Reject client certificates that a CRL in this PEM file revokes' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l proxy-protocol -d 'Trusted proxies report client addresses with the PROXY protocol, version 1 or 2'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l client-ca-optional -d 'Also accept hosts without a client certificate, for example during a rollout'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l once -d 'Exit at the end of the tour'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "add" -d 'Add or change rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "edit" -d 'Edit a rule in your editor'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "remove" -d 'Remove rules from a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "rm" -d 'Remove rules from a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "delete" -d 'Remove rules from a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "list" -d 'List rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "ls" -d 'List rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "show" -d 'Show the rules for a target in all scopes'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "import" -d 'Import rules from a file in any format'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "export" -d 'Export rules to a file in any format'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "convert" -d 'Convert rules between formats, without a server'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "diff" -d 'Compare rules in files, revisions or on the server'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "lint" -d 'Find mistakes in rules and settings'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove rm delete list ls show import export convert diff lint explain" -f -a "explain" -d 'Explain what a host does with a program or target, and why'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l from-fileinfo -d 'Choose targets for the programs in this output of santactl fileinfo --json; - reads stdin' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l as -d 'Choose targets of this type instead of the best type for each program' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l scope -d 'Scope of the rules: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l cel -d 'CEL expression of a cel rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l message -d 'Text of the block window' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l url -d 'URL for the button of the block window' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l button-label -d 'Label of the button' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l app-name -d 'Program name in the notification that the program can now run' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l comment -d 'Comment of the rules' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l ticket -d 'Ticket of the rules' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l source -d 'Source of the rules' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l expires -d 'Expire after 24h or 7d, at the end of tomorrow or of a date such as 2027-01-31, or never' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l replace -d 'Reset all omitted fields instead of keeping their values'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l scope -d 'Scope of the rule; required if several scopes have a rule for the target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l scope -d 'Scope of the rules: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l scope -d 'Scope of the rules: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l scope -d 'Scope of the rules: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l target -d 'Show only rules for this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l scope -d 'Show only rules of this scope: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l type -d 'Show only rules of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l policy -d 'Show only rules with this policy' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l source -d 'Show only rules from this source (exact match)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l text -d 'Show only rules with this text in the identifier, comment or ticket' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l at -d 'Show the rules of this revision; nicelist history lists revisions' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l target -d 'Show only rules for this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l scope -d 'Show only rules of this scope: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l type -d 'Show only rules of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l policy -d 'Show only rules with this policy' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l source -d 'Show only rules from this source (exact match)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l text -d 'Show only rules with this text in the identifier, comment or ticket' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l at -d 'Show the rules of this revision; nicelist history lists revisions' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l history -d 'Show all versions, including removed rules: who changed them, when and why, newest first'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l from -d 'Input format [default: detected from the content]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l configuration -d 'Read only the rules of this Zentral configuration' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l rejects -d 'Write the invalid rows to this file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l scope -d 'Scope for rows without one: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l source -d 'Source for rows without one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l policy -d 'Policy for the programs of a santactl fileinfo report' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l duplicates -d 'Which of several different entries for the same target and scope to use' -r -f -a "error\t''
first\t''
last\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s m -l reason -l message -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l partial -d 'Import the valid rows even if others are invalid'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l all-errors -d 'Show all errors, not only the first 20'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l replace -d 'Reset omitted fields of existing rules instead of keeping their values'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l prune -d 'Remove rules of this source that are not in the file'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l allow-empty -d 'Allow --prune to remove all rules of the source if the file is empty'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s f -l file -d 'File or folder to write instead of stdout; its extension selects the format' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l to -d 'Format [default: detected from the extension, otherwise csv]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l target -d 'Show only rules for this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l scope -d 'Show only rules of this scope: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l type -d 'Show only rules of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l policy -d 'Show only rules with this policy' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l source -d 'Show only rules from this source (exact match)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l text -d 'Show only rules with this text in the identifier, comment or ticket' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l at -d 'Show the rules of this revision; nicelist history lists revisions' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l strict -d 'Write nothing if the format cannot express all rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l from -d 'Input format [default: detected from the content]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l configuration -d 'Read only the rules of this Zentral configuration' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l to -d 'Format of OUT [default: detected from its extension]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l scope -d 'Scope for rows without one: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l source -d 'Source for rows without one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l policy -d 'Policy for the programs of a santactl fileinfo report' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l duplicates -d 'Which of several different entries for the same target and scope to use' -r -f -a "error\t''
first\t''
last\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l all-errors -d 'Show all errors, not only the first 20'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l strict -d 'Write nothing if the format of OUT cannot express all rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l dry-run -d 'Show what would be lost, but write nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l from -d 'Input format [default: detected from the content]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l configuration -d 'Read only the rules of this Zentral configuration' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l full -d 'Show all differences'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l deny -d 'Minimum severity for exit code 3: note, warning or error' -r -f -a "note\t''
warning\t''
error\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l ignore -d 'Do not report findings with this code; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l from -d 'Input format [default: detected from the content]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l configuration -d 'Read only the rules of this Zentral configuration' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l full -d 'Show all findings, not only the first 20 of each severity'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l sarif -d 'Write SARIF, for code review tools'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l fix -d 'Move rules and settings from the name of a host to its machine ID (NL601)'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l host -d 'Host: machine ID, serial number or host name, or a unique prefix of one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "list" -d 'List hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "ls" -d 'List hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "show" -d 'Show a host, its active rules or its active settings'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "tag" -d 'Add tags to a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "untag" -d 'Remove tags from a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "clean-sync" -d 'Replace all rules of a host in its next sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "accept" -d 'Accept a Mac as the only one with its machine ID'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "wait" -d 'Wait until a host has its active rules and settings'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "forget" -d 'Delete a host and its tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "rm" -d 'Delete a host and its tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list ls show tag untag clean-sync accept wait forget rm delete" -f -a "delete" -d 'Delete a host and its tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l tag -d 'Show only hosts with this tag' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l user -d 'Show only hosts of this primary user' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l state -d 'Show only hosts in this state' -r -f -a "in-sync\t''
behind\t''
syncing\t''
drifted\t''
rejecting\t''
never-synced\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l contact -d 'Show only hosts seen within their last three sync intervals (online), or not (silent)' -r -f -a "online\t''
silent\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l conflict -d 'Show only hosts whose machine ID is used by several Macs, or for which a Mac was refused'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l tag -d 'Show only hosts with this tag' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l user -d 'Show only hosts of this primary user' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l state -d 'Show only hosts in this state' -r -f -a "in-sync\t''
behind\t''
syncing\t''
drifted\t''
rejecting\t''
never-synced\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l contact -d 'Show only hosts seen within their last three sync intervals (online), or not (silent)' -r -f -a "online\t''
silent\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l conflict -d 'Show only hosts whose machine ID is used by several Macs, or for which a Mac was refused'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l rules -d 'Show the active rules of the host instead'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l settings -d 'Show the active settings of the host instead, and the scopes that they come from'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l all -d 'Also delete transitive rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l cancel -d 'Cancel the clean sync if the host has not started it'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l serial -d 'Accept the Mac with this serial number' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l dry-run -d 'Show which Mac would be accepted, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l timeout -d 'Maximum time to wait' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l silent-for -d 'Delete hosts that have not synced for this long, such as 90d' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l never-synced -d 'Delete hosts that never completed a sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l events -d 'Also delete the events of these hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l dry-run -d 'Show the number of hosts that would be deleted, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l silent-for -d 'Delete hosts that have not synced for this long, such as 90d' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l never-synced -d 'Delete hosts that never completed a sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l events -d 'Also delete the events of these hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l dry-run -d 'Show the number of hosts that would be deleted, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l silent-for -d 'Delete hosts that have not synced for this long, such as 90d' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l never-synced -d 'Delete hosts that never completed a sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l events -d 'Also delete the events of these hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show the number of hosts that would be deleted, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "list" -d 'List events, newest first'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "ls" -d 'List events, newest first'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "show" -d 'Show an event with its signature and possible rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "tail" -d 'Show new events until Ctrl-C'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "stats" -d 'Count events by program, most frequent first'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "approve" -d 'Allow a blocked program by creating a rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "block" -d 'Block a program by creating a rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "undo" -d 'Undo your latest approval or block'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list ls show tail stats approve block undo import" -f -a "import" -d 'Import events from another sync server'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l kind -d 'Show only events of these kinds; separate with commas or repeat' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l host -d 'Show only events of this host: machine ID, serial number or host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l user -d 'Show only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l decision -d 'Show only events with these decisions, such as BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l path -d 'Show only programs, or accessed files, whose path begins with this; with * or ?, the whole path must match' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l signer -d 'Show only programs with this signer: team ID, signing ID, or certificate name or SHA-256' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l text -d 'Show only events with this text in the path, SHA-256, signing ID, team ID or file access rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l since -d 'Show only events received since 24h ago, 7d ago, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l until -d 'Show only events received before 24h ago, 7d ago, or a time; a date includes the whole day' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s n -l limit -d 'Show at most N events, newest first' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l waiting -d 'List programs pending approval instead: those that were blocked, or would be in lockdown, on hosts where no rule or path regex applies to them now'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l blocked -d 'Show only blocked programs and denied file accesses'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l kind -d 'Show only events of these kinds; separate with commas or repeat' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l host -d 'Show only events of this host: machine ID, serial number or host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l user -d 'Show only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l decision -d 'Show only events with these decisions, such as BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l path -d 'Show only programs, or accessed files, whose path begins with this; with * or ?, the whole path must match' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l signer -d 'Show only programs with this signer: team ID, signing ID, or certificate name or SHA-256' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l text -d 'Show only events with this text in the path, SHA-256, signing ID, team ID or file access rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l since -d 'Show only events received since 24h ago, 7d ago, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l until -d 'Show only events received before 24h ago, 7d ago, or a time; a date includes the whole day' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -s n -l limit -d 'Show at most N events, newest first' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l waiting -d 'List programs pending approval instead: those that were blocked, or would be in lockdown, on hosts where no rule or path regex applies to them now'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l blocked -d 'Show only blocked programs and denied file accesses'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l kind -d 'Show only events of these kinds; separate with commas or repeat' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l host -d 'Show only events of this host: machine ID, serial number or host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l user -d 'Show only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l decision -d 'Show only events with these decisions, such as BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l path -d 'Show only programs, or accessed files, whose path begins with this; with * or ?, the whole path must match' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l signer -d 'Show only programs with this signer: team ID, signing ID, or certificate name or SHA-256' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l text -d 'Show only events with this text in the path, SHA-256, signing ID, team ID or file access rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s n -l lines -d 'Show the newest N events first' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l since -d 'Show events received since 24h ago, 7d ago, or a time first, instead of the newest N' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l blocked -d 'Show only blocked programs and denied file accesses'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l kind -d 'Show only events of these kinds; separate with commas or repeat' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l host -d 'Show only events of this host: machine ID, serial number or host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l user -d 'Show only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l decision -d 'Show only events with these decisions, such as BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l path -d 'Show only programs, or accessed files, whose path begins with this; with * or ?, the whole path must match' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l signer -d 'Show only programs with this signer: team ID, signing ID, or certificate name or SHA-256' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l text -d 'Show only events with this text in the path, SHA-256, signing ID, team ID or file access rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l since -d 'Show only events received since 24h ago, 7d ago, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l until -d 'Show only events received before 24h ago, 7d ago, or a time; a date includes the whole day' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s n -l limit -d 'Show at most N programs, most frequent first' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l blocked -d 'Show only blocked programs and denied file accesses'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l host -d 'Select only programs pending on this host: machine ID, serial number or host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l user -d 'Select only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l signer -d 'Select only programs with this signer: team ID, signing ID, or certificate name or SHA-256' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l text -d 'Select only programs with this text in the path, SHA-256, signing ID or team ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l since -d 'Select only programs reported since 24h ago, 7d ago, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l as -d 'Type of the rule' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l scope -d 'Scope of the rule: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l for -d 'Expire after 24h or 7d, or at the end of tomorrow or of a date such as 2027-01-31' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l comment -d 'Comment of the rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l ticket -d 'Ticket of the rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l timeout -d 'Maximum time to wait' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l compiler -d 'Also allow the files that the program writes; for compilers'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l bundle -d 'Allow all programs of the bundle'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l blocked -d 'Select only programs that were blocked, not those that lockdown would block'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s y -l yes -d 'Skip all questions'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l wait -d 'Wait until the host that reported the event has the rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l message -d 'Text of the block window' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l host -d 'Select only programs pending on this host: machine ID, serial number or host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l user -d 'Select only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l signer -d 'Select only programs with this signer: team ID, signing ID, or certificate name or SHA-256' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l text -d 'Select only programs with this text in the path, SHA-256, signing ID or team ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l since -d 'Select only programs reported since 24h ago, 7d ago, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l as -d 'Type of the rule' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l scope -d 'Scope of the rule: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l for -d 'Expire after 24h or 7d, or at the end of tomorrow or of a date such as 2027-01-31' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l comment -d 'Comment of the rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l ticket -d 'Ticket of the rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l timeout -d 'Maximum time to wait' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l silent -d 'Block without a notification on the Mac'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l blocked -d 'Select only programs that were blocked, not those that lockdown would block'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s y -l yes -d 'Skip all questions'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l wait -d 'Wait until the host that reported the event has the rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l machine-id -d 'Machine ID for events in a file without one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -f -a "list" -d 'List the programs that hosts reported, newest first'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -f -a "ls" -d 'List the programs that hosts reported, newest first'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and not __fish_seen_subcommand_from list ls show" -f -a "show" -d 'Show a program, its hosts, versions and matching rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l publisher -d 'Only programs of this publisher: team ID, or SHA-256 or part of the name of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l signed -d 'Only programs that are signed in this way' -r -f -a "production\t''
development\t''
adhoc\t''
unsigned\t''
invalid\t''
unknown\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l signing-id -d 'Only programs with this signing ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l text -d 'Only programs with this text in the name, SHA-256, signing ID or team ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l host -d 'Only programs of this host: machine ID, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l since -d 'Only programs first reported since 24h, 7d, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -s n -l limit -d 'Show at most N programs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l blocked -d 'Only programs that Santa blocked in the newest report of a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l publisher -d 'Only programs of this publisher: team ID, or SHA-256 or part of the name of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l signed -d 'Only programs that are signed in this way' -r -f -a "production\t''
development\t''
adhoc\t''
unsigned\t''
invalid\t''
unknown\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l signing-id -d 'Only programs with this signing ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l text -d 'Only programs with this text in the name, SHA-256, signing ID or team ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l host -d 'Only programs of this host: machine ID, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l since -d 'Only programs first reported since 24h, 7d, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -s n -l limit -d 'Show at most N programs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l blocked -d 'Only programs that Santa blocked in the newest report of a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand program; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -f -a "list" -d 'List tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -f -a "ls" -d 'List tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -f -a "create" -d 'Create or change a tag'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -f -a "delete" -d 'Delete a tag'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list ls create delete rm" -f -a "rm" -d 'Delete a tag'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l priority -d 'Priority; the tag with the highest priority wins' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l description -d 'Description of the tag' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l serial -d 'Add the host with this serial number as a member; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l user -d 'Add the hosts of this primary user as members; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l group -d 'Add the hosts that report this group as members; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l hostname -d 'Add the hosts with this name as members; * matches any text, ? one character; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l no-members -d 'Remove all members; hosts to which the tag was assigned keep it'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l force -d 'Also delete its rules and settings, and remove it from its hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l force -d 'Also delete its rules and settings, and remove it from its hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "show" -d 'Show settings by scope, or the active ones of a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "set" -d 'Change settings of a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "unset" -d 'Remove settings of a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "import" -d 'Import settings from a configuration profile'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l scope -d 'Show only the settings of this scope: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l host -d 'Show the active settings of this host and the scopes that they come from' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l scope -d 'Scope of the settings: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l scope -d 'Scope of the settings: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l scope -d 'Scope of the settings: fleet, or group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s f -l file -d 'Manifest: a TOML file or a folder; other formats are accepted too' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l from -d 'Input format [default: detected from the content]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l configuration -d 'Read only the rules of this Zentral configuration' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l prune -d 'Delete everything the files do not mention'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l full -d 'Show all differences'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s f -l file -d 'Manifest: a TOML file or a folder; other formats are accepted too' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l from -d 'Input format [default: detected from the content]' -r -f -a "csv\t''
tsv\t''
json\t''
jsonl\t''
toml\t''
santactl\t''
static-rules\t''
moroz\t''
rudolph-csv\t''
rudolph-json\t''
zentral-json\t''
zentral-yaml\t''
workshop\t''
terraform\t''
fileinfo\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l configuration -d 'Read only the rules of this Zentral configuration' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l base -d 'Fail if this is no longer the newest revision' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s m -l reason -l message -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l prune -d 'Delete everything the files do not mention'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l prune-most -d 'Allow --prune to delete most of the active policy'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l full -d 'Show all differences'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s f -l file -d 'File or folder to write; - writes one file to stdout' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l at -d 'Export the policy of this revision' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l author -d 'Show only revisions by this author (exact match)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l since -d 'Show only revisions since 24h ago, 7d ago, or a time such as 2026-11-20T00:00:00Z' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l target -d 'Show only revisions that changed a rule for this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l scope -d 'Show only revisions that changed a rule or a setting in this scope' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s n -l limit -d 'Show at most N revisions, newest first [default: 30 on a terminal, otherwise all]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Show the changes of a revision'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l full -d 'Show all differences'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s m -l reason -d 'Reason for the change, kept in the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l base -d 'Fail if this is no longer the newest revision' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l force -d 'Save the change even if lint finds errors; requires --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l full -d 'Show all differences'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l dry-run -d 'Show what would change, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -f -a "create" -d 'Create a token and print its secret'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -f -a "list" -d 'List tokens without their secrets'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -f -a "ls" -d 'List tokens without their secrets'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -f -a "revoke" -d 'Revoke a token immediately'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -f -a "rm" -d 'Revoke a token immediately'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list ls revoke rm delete" -f -a "delete" -d 'Revoke a token immediately'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l role -d 'Role of the token' -r -f -a "enrollment\t''
viewer\t''
helpdesk\t''
editor\t''
admin\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'Expire after 24h or 90d, or at the end of tomorrow or of a date such as 2027-01-31' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "backup" -d 'Back up an SQLite database'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "restore" -d 'Restore an SQLite database from a backup'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "new-epoch" -d 'Start a new epoch after a restore by other means'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "copy" -d 'Copy a database into an empty one'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "compare" -d 'Compare all data of two databases'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "check" -d 'Check a database for damage'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "migrate" -d 'Upgrade the schema of a database'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "accept-clock" -d 'Confirm the clock of the server after a jump'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l force -d 'Replace the file if it exists'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l dry-run -d 'Show what would be copied, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l keep-epoch -d 'Do not start a new epoch; only if no server will use FROM again'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l dry-run -d 'Show the upgrade, but change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -f -a "sync" -d 'Sync one simulated Mac, as Santa would'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -f -a "conformance" -d 'Check a sync server against the Santa protocol'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -f -a "fleet" -d 'Load-test a sync server with a simulated fleet'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l state -d 'File for the state of the Mac; created if it does not exist' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l machine-id -d 'Machine ID' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l serial -d 'Serial number' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l hostname -d 'Host name' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l user -d 'Primary user' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l group -d 'Group of the primary user; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l generation -d 'Version of the client: a Santa version such as 2024.6, pedro, or rednose for an old pedro' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l santa-version -d 'Report this Santa version instead' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l mode -d 'Mode until the server sets one' -r -f -a "monitor\t''
lockdown\t''
standalone\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l secret -d 'Send this secret as Authorization: Bearer' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l encoding -d 'Compression of requests; zlib is deflate under its old name, for clients up to 2023.3' -r -f -a "deflate\t''
gzip\t''
none\t''
zlib\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l wire -d 'Message format; protobuf since 2024.6' -r -f -a "json\t''
protobuf\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l events -d 'Upload the events in this file: a JSON list in the format of the protocol' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l fault -d 'Simulate a network fault: cut-page=N, delay=SECONDS, strip-encoding, falsify-encoding, decompress or change-url; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l ca -d 'Trust only the CAs in this PEM file, as with ServerAuthRootsFile' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l client-cert -d 'Send the client certificate in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l client-key -d 'Private key of the client certificate: a PEM file without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l for -d 'Stop after this time, such as 90s or 1h' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l syncs -d 'Stop after N syncs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l clean -d 'Request a clean sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l clean-all -d 'Request a clean sync that also deletes transitive rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l no-backoff -d 'Retry without waiting'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l rule-only -d 'Only download rules, as after a push notification'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l daemon -d 'Keep syncing until Ctrl-C'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l hook -d 'Command for a task of the administrator; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l only -d 'Run only cases whose name contains this text; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l encoding -d 'Encoding of request bodies: deflate, gzip or none [default: the first that the server accepts]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l header -d 'Send this header with every request; can be repeated' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l secret -d 'Send this secret as Authorization: Bearer' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l timeout -d 'Timeout of requests in seconds, 30 as in Santa' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l prefix -d 'Prefix of the machine IDs of the test hosts [default: random]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l ca -d 'Trust only the CAs in this PEM file, as with ServerAuthRootsFile' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l client-cert -d 'Send the client certificate in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l client-key -d 'Private key of the client certificate: a PEM file without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l list -d 'List the cases, without a server'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l hosts -d 'Number of Macs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l interval -d 'Sync interval of each Mac' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l for -d 'Duration of the test' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l arrivals -d 'Distribution of syncs over the interval' -r -f -a "spread\t'Evenly over the interval'
phase\t'All at the same time, every interval'"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l connections -d 'Maximum Macs that sync at the same time, each on one connection' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l timeout -d 'Timeout of requests in seconds, 30 as in Santa' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l generation -d 'Santa versions and their shares, such as 2026.7=80,2025.1=20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l wire -d 'Message format; protobuf since 2024.6' -r -f -a "json\t''
protobuf\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l encoding -d 'Compression of requests; always deflate before 2023.4' -r -f -a "deflate\t''
gzip\t''
none\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l secret -d 'Send this secret as Authorization: Bearer' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l clean -d 'Share of syncs that request a clean sync, such as 1%' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l events -d 'Average number of events per sync' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l batch -d 'Events per request, if the server does not set it' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l seed -d 'Seed for generating the Macs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l ca -d 'Trust only the CAs in this PEM file, as with ServerAuthRootsFile' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l client-cert -d 'Send the client certificate in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l client-key -d 'Private key of the client certificate: a PEM file without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l change-hook -d 'Run this command regularly; NICELIST_CHANGE is the number of the change' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l change-every -d 'Interval of --change-hook' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l verify -d 'Which of the Macs that have synced to check' -r -f -a "sample\t'The number of Macs in --sample'
all\t'All Macs'
none\t'No Macs'"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l sample -d 'Number of Macs in a sample' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l warm-up -d 'Sync every Mac one time before the test, as fast as possible'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l no-keep-alive -d 'Open a new connection for each sync, as Macs do, instead of sharing connections'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "list" -d 'List all settings with their values and origins'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "ls" -d 'List all settings with their values and origins'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "get" -d 'Print the value of a setting; secrets are redacted'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "set" -d 'Change a setting in the user\'s configuration file'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "unset" -d 'Remove a setting from the user\'s configuration file'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "path" -d 'Print the path of the user\'s configuration file'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list ls get set unset path init" -f -a "init" -d 'Create a configuration file that explains all settings'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l print -d 'Print the file instead of creating it'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l server -d 'URL of the server (NICELIST_SERVER)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l token -d 'API token (NICELIST_TOKEN)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l ca -d 'Trust only the CAs in this PEM file (NICELIST_CA)' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l context -d 'Context of the configuration file to use (NICELIST_CONTEXT)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l database -d 'Use a database directly, without a server: sqlite:PATH or postgres://USER@HOST/NAME (NICELIST_DATABASE)' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s o -l output -d 'Output format: table, json, jsonl, csv or tsv (NICELIST_OUTPUT)' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l color -d 'Use colors: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l raw -d 'Do not escape CSV and TSV cells that a spreadsheet would run as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s q -l quiet -d 'Print only data and errors'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s v -l verbose -d 'Verbose logging; repeat for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
