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

complete -c nicelist -n "__fish_nicelist_needs_command" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_needs_command" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_needs_command" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_needs_command" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_needs_command" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_needs_command" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_needs_command" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_needs_command" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_needs_command" -s V -l version -d 'Print version'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "serve" -d 'Serve Santa clients and the admin API'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "status" -d 'Show whether the server and its hosts are well'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "demo" -d 'Show the whole thing on this machine, with a simulated fleet'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "rule" -d 'Add, edit, remove and show rules'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "host" -d 'See how hosts are, tag them, wait for them'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "event" -d 'Look at what Macs blocked, and decide about it'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "tag" -d 'Make the tags that hosts can have'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "settings" -d 'Show and change what hosts are told besides rules'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "plan" -d 'Show what a manifest would change, and change nothing'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "apply" -d 'Make tags, settings and rules as a manifest says'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "export" -d 'Write the whole policy as a manifest, which then plans to nothing'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "history" -d 'Show who changed what, when and why'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "rollback" -d 'Take rules, settings and tags back to an earlier revision'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "token" -d 'Make and revoke tokens for people, scripts and hosts'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "database" -d 'Back up, restore, copy and check whole databases'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "lab" -d 'Try sync servers with Macs that do not exist'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "config" -d 'Look at and change this command line\'s own settings'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c nicelist -n "__fish_nicelist_needs_command" -f -a "man" -d 'Write the manual pages into a folder'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l listen -d 'Listen on this address; a port of 0 takes any that is free' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l sync-auth -d 'What hosts must show to sync' -r -f -a "secret\t'An enrolment secret, as bearer token or in the path /santa/SECRET/'
certificate\t'A client certificate and nothing else; needs --client-ca'
none\t'Nothing: whoever reaches the port may sync'"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l largest-body -d 'Refuse bodies of hosts that are larger than this, before or after decompression' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l durability -d 'Let what was answered survive a power failure, or only the end of the process (SQLite)' -r -f -a "power\t'A power failure: every commit waits for the disk'
process\t'The end of the process: the last seconds may be gone after a power failure'"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l longest-gap -d 'Let rules and events expire if the database was last used at most this long ago' -r
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
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l tls-cert -d 'Speak TLS with the certificate in this PEM file, and the chain behind it' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l tls-key -d 'The certificate\'s private key, PEM without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l client-ca -d 'Let hosts sync only with a client certificate that a CA of this PEM file signed' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l client-crl -d 'Refuse the client certificates that the lists in this PEM file revoke' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l proxy-protocol -d 'Trusted proxies report client addresses with the PROXY protocol, version 1 or 2'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l client-ca-optional -d 'Let hosts without a client certificate sync too, as while they get theirs'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l once -d 'End when the story is told'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "add" -d 'Add rules, or change those that are there'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "edit" -d 'Change one rule in your editor'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "remove" -d 'Remove rules from a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "list" -d 'List rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "show" -d 'Show everything about the rules of a target, in every scope that speaks of it'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "import" -d 'Import rules from a file of any format'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "export" -d 'Export rules to a file of any format'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "convert" -d 'Convert files of rules from any format to any other, without a server'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "diff" -d 'Show how the rules of two files, revisions or the server differ'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "lint" -d 'Look for rules and settings that do not do what they seem to do'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and not __fish_seen_subcommand_from add edit remove list show import export convert diff lint explain" -f -a "explain" -d 'Say what a host makes of a program or a target: which rule decides, which others lost and why, and what the host cannot take'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l from-fileinfo -d 'Choose targets for the programs that this output of santactl fileinfo --json describes' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l as -d 'Choose targets of this type, rather than the best for each program' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l scope -d 'Whom the rules are for: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l cel -d 'The expression of a cel rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l message -d 'Show this in the block window' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l url -d 'Open this address with the block window\'s button' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l button-label -d 'Label that button' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l app-name -d 'Name the program in the notification that it can now run' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l comment -d 'Note why the rules are there' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l ticket -d 'Note the ticket that asked for them' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l source -d 'Note where they come from' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l expires -d 'Let the rules expire after 24h, 7d, at the end of tomorrow or of a date such as 2027-01-31, or never' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l replace -d 'Reset everything that is not given, instead of keeping it'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l scope -d 'The scope of the rule; required if several scopes have a rule for the target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l scope -d 'The scope that has the rules: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l target -d 'Only rules of this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l scope -d 'Only rules of this scope: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l type -d 'Only rules of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l policy -d 'Only rules with this policy' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l source -d 'Only rules from exactly this source' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l text -d 'Only rules with this text in identifier, comment or ticket' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l at -d 'Rules as they were at this revision; nicelist history lists them' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l history -d 'Show who changed them, when and why, and those that are gone'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l from -d 'Format of the input, if nicelist cannot detect it' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l rejects -d 'Write bad rows to this file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l scope -d 'Whom rules are for that do not say: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l source -d 'Where rules come from that do not say' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l policy -d 'The policy of rules for the programs of a fileinfo report' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l duplicates -d 'Which of several different entries for the same target and scope is read' -r -f -a "error\t''
first\t''
last\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s m -l reason -l message -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l partial -d 'Import the good rows even if there are bad ones'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l all-errors -d 'Show every error, not only the first 20'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l replace -d 'Reset everything that the file does not give, instead of keeping it'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l prune -d 'End the rules of this source that are not in the file'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l allow-empty -d 'Let --prune end all rules of the source, when the file has none'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s f -l file -d 'Write to this file or folder rather than stdout; the end of its name says the format' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l to -d 'The format; CSV where nothing says otherwise' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l target -d 'Only rules of this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l scope -d 'Only rules of this scope: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l type -d 'Only rules of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l policy -d 'Only rules with this policy' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l source -d 'Only rules from exactly this source' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l text -d 'Only rules with this text in identifier, comment or ticket' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l at -d 'Rules as they were at this revision; nicelist history lists them' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l strict -d 'Write nothing if the format cannot express all of the rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l from -d 'Format of the input, if nicelist cannot detect it' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l to -d 'The format of OUT' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l scope -d 'Whom rules are for that do not say: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l source -d 'Where rules come from that do not say' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l policy -d 'The policy of rules for the programs of a fileinfo report' -r -f -a "allow\t''
allow-compiler\t''
block\t''
silent-block\t''
silent-block-gui\t''
silent-block-tty\t''
cel\t''
remove\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l duplicates -d 'Which of several different entries for the same target and scope is read' -r -f -a "error\t''
first\t''
last\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l all-errors -d 'Show every error, not only the first 20'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l strict -d 'Write nothing if the format of OUT cannot express all rules'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l dry-run -d 'Show what would be lost and write nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l from -d 'Format of the input, if nicelist cannot detect it' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l full -d 'Show every difference, however many they are'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l deny -d 'The least severity that makes the exit code 3: note, warning or error' -r -f -a "note\t''
warning\t''
error\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l ignore -d 'Say nothing of findings with this code; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l from -d 'Format of the input, if nicelist cannot detect it' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l full -d 'Show every finding, not only the first 20 of each severity'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l sarif -d 'Write SARIF, for code review'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l fix -d 'Move rules and settings from the name of a host to its machine ID (NL601)'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l host -d 'On which host: machine id, serial number, host name, or a unique prefix of one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rule; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "list" -d 'List hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "show" -d 'Show how a host is, or what is in force for it'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "tag" -d 'Give a host tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "untag" -d 'Take tags from a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "clean-sync" -d 'Make a host\'s next sync delete its rules and take all of them anew'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "accept" -d 'Accept a Mac as the only one with its machine ID'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "wait" -d 'Wait until a host has what is in force for it now'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and not __fish_seen_subcommand_from list show tag untag clean-sync accept wait forget" -f -a "forget" -d 'Forget a host and its tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l tag -d 'Only hosts with this tag' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l user -d 'Only hosts of this primary user' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l state -d 'Only hosts in this state' -r -f -a "in-sync\t''
behind\t''
syncing\t''
drifted\t''
rejecting\t''
never-synced\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l contact -d 'Only hosts that were seen within their last three sync intervals, or only those that were not' -r -f -a "online\t''
silent\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l conflict -d 'Only hosts whose machine ID several Macs use, or for which a Mac was refused'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l rules -d 'List the rules in force for it instead'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l settings -d 'List the settings in force for it instead, and where they come from'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from tag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from untag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l all -d 'Delete transitive rules too'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l cancel -d 'Take the order back, if the host has not begun'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s y -l yes -d 'Do it without being asked'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from clean-sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l serial -d 'Accept the Mac with this serial number' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l dry-run -d 'Show which Mac would be accepted, and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from accept" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l timeout -d 'Give up after so long' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l silent-for -d 'Forget hosts that have not synced for this long, as in 90d' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l never-synced -d 'Forget hosts that never completed a sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l events -d 'Delete the events of forgotten hosts, too'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l dry-run -d 'Show how many hosts would be forgotten and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand host; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "list" -d 'List events, newest first'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "show" -d 'Show an event, how the program is signed, and the rules that it could get'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "tail" -d 'Show events as they come, until Ctrl-C'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "stats" -d 'Count events by program, the most frequent first'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "approve" -d 'Allow what an event shows, by making a rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "block" -d 'Block what an event shows, by making a rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "undo" -d 'Take back your newest decision about events'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and not __fish_seen_subcommand_from list show tail stats approve block undo import" -f -a "import" -d 'Import events that Macs reported to another server'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l kind -d 'Only events of these kinds; several with commas between them, or given several times' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l host -d 'Only events of this host: machine id, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l decision -d 'Only events with these decisions, as in BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l path -d 'Only programs, or accessed files, below this path; * and ? stand for any letters and one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l signer -d 'Only programs signed by this: team id, signing id, or name or SHA-256 of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l text -d 'Only events with this text in path, SHA-256, signing id, team id, or a file access\'s rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l since -d 'Only events received since 24h, 7d, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l until -d 'Only events received before 24h ago, 7d ago, or a time; a date includes the day' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s n -l limit -d 'Only the newest so many' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l waiting -d 'List the programs that wait for a decision instead: hosts stopped them, or would in lockdown, and neither rule nor path decides about them there since'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l blocked -d 'Only what was blocked'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l kind -d 'Only events of these kinds; several with commas between them, or given several times' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l host -d 'Only events of this host: machine id, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l decision -d 'Only events with these decisions, as in BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l path -d 'Only programs, or accessed files, below this path; * and ? stand for any letters and one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l signer -d 'Only programs signed by this: team id, signing id, or name or SHA-256 of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l text -d 'Only events with this text in path, SHA-256, signing id, team id, or a file access\'s rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s n -l lines -d 'Show the newest so many first' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l since -d 'Show what was received since 24h, 7d, or a time first, instead of the newest so many' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l blocked -d 'Only what was blocked'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from tail" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l kind -d 'Only events of these kinds; several with commas between them, or given several times' -r -f -a "execution\t''
bundle-member\t''
file-access\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l host -d 'Only events of this host: machine id, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l decision -d 'Only events with these decisions, as in BLOCK_UNKNOWN,BLOCK_BINARY' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l path -d 'Only programs, or accessed files, below this path; * and ? stand for any letters and one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l signer -d 'Only programs signed by this: team id, signing id, or name or SHA-256 of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l text -d 'Only events with this text in path, SHA-256, signing id, team id, or a file access\'s rule' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l since -d 'Only events received since 24h, 7d, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l until -d 'Only events received before 24h ago, 7d ago, or a time; a date includes the day' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s n -l limit -d 'Only the most frequent so many' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l blocked -d 'Only what was blocked'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l host -d 'Only programs that wait on this host: machine id, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l signer -d 'Only programs signed by this: team id, signing id, or name or SHA-256 of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l text -d 'Only programs with this text in path, SHA-256, signing id or team id' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l since -d 'Only programs reported since 24h, 7d, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l as -d 'Make a rule of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l scope -d 'Make it for fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l for -d 'Let the rule expire after 24h, 7d, or at the end of tomorrow or of a date such as 2027-01-31' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l comment -d 'Note why the rule is there' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l ticket -d 'Note the ticket that asked for it' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l timeout -d 'Wait no longer than this' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l compiler -d 'Let run what the program writes, too: for compilers'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l bundle -d 'Allow every program of the bundle'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l blocked -d 'Only programs that were stopped, not those that lockdown would stop'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s y -l yes -d 'Ask nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l wait -d 'Wait until the host that reported the event has the rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l message -d 'Show this in the block window' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l host -d 'Only programs that wait on this host: machine id, serial number, host name, or a unique prefix' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l user -d 'Only programs that this user ran' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l signer -d 'Only programs signed by this: team id, signing id, or name or SHA-256 of the certificate' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l text -d 'Only programs with this text in path, SHA-256, signing id or team id' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l since -d 'Only programs reported since 24h, 7d, yesterday, or a date or time such as 2026-11-20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l as -d 'Make a rule of this type' -r -f -a "cdhash\t''
binary\t''
signingid\t''
certificate\t''
teamid\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l scope -d 'Make it for fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l for -d 'Let the rule expire after 24h, 7d, or at the end of tomorrow or of a date such as 2027-01-31' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l comment -d 'Note why the rule is there' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l ticket -d 'Note the ticket that asked for it' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l timeout -d 'Wait no longer than this' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l silent -d 'Tell nobody at the Mac'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l blocked -d 'Only programs that were stopped, not those that lockdown would stop'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s y -l yes -d 'Ask nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l wait -d 'Wait until the host that reported the event has the rule'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from block" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l dry-run -d 'Show what would change and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l machine-id -d 'Machine ID of the host, for events in a file without one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand event; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -f -a "list" -d 'List tags'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -f -a "create" -d 'Make a tag, or change one'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and not __fish_seen_subcommand_from list create delete" -f -a "delete" -d 'Delete a tag'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l priority -d 'Its strength among tags; higher is stronger' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l description -d 'What it is for' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l serial -d 'Have as a member the host with this serial number; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l user -d 'Have as members the hosts of this primary user; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l group -d 'Have as members the hosts that report this group; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l hostname -d 'Have as members the hosts with such a name, where * stands for any letters and ? for one' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l no-members -d 'Have no members but the hosts that were given the tag'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l force -d 'Delete its rules and settings too, and take it from its hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do it without being asked'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand tag; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "show" -d 'Show the settings of all scopes, of one, or those in force for a host'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "set" -d 'Set settings of a scope'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "unset" -d 'Unset settings of a scope, so that weaker scopes or the defaults decide'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and not __fish_seen_subcommand_from show set unset import" -f -a "import" -d 'Import Santa\'s settings from a configuration profile'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l scope -d 'Only the settings of this scope: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l host -d 'All settings as this host gets them, and where they come from' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l scope -d 'Whom it is for: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l scope -d 'Whom it is for: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l scope -d 'Whom it is for: fleet, group:, tag:, user: or host:NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand settings; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s f -l file -d 'The manifest: a TOML file, or a folder of them; other formats are read as well' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l from -d 'Format of the input, if nicelist cannot detect it' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l prune -d 'Let everything end that the files do not name'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l full -d 'Show every difference, however many they are'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s f -l file -d 'The manifest: a TOML file, or a folder of them; other formats are read as well' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l from -d 'Format of the input, if nicelist cannot detect it' -r -f -a "csv\t''
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
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l base -d 'Refuse if this is no longer the newest revision' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s m -l reason -l message -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l prune -d 'Let everything end that the files do not name'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l prune-most -d 'Let --prune end most of what is in force'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l full -d 'Show every difference, however many they are'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s y -l yes -d 'Do it without being asked'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s f -l file -d 'The file or folder; - writes one file to stdout' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l at -d 'The policy as it was at this revision' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l author -d 'Only revisions by exactly this author' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l since -d 'Only revisions since 24h, 7d, or a time such as 2026-11-20T00:00:00Z' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l target -d 'Only revisions that changed a rule for this target' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l scope -d 'Only revisions that changed a rule or a setting in this scope' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s n -l limit -d 'Only the newest so many; all when absent, but 30 on a terminal' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Show what a revision did'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l full -d 'Show every difference, however many they are'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s m -l reason -d 'Say why, for the history' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l base -d 'Refuse if this is no longer the newest revision' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l force -d 'Store the change although lint finds errors; needs --reason'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l full -d 'Show every difference, however many they are'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s y -l yes -d 'Do it without being asked'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l dry-run -d 'Show what would happen and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "create" -d 'Make a token, and print its secret this once'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "list" -d 'List tokens, without their secrets'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "revoke" -d 'Revoke a token at once'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l role -d 'What it may do' -r -f -a "enrolment\t''
viewer\t''
helpdesk\t''
editor\t''
admin\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'Let it expire after 24h, 90d, or at the end of tomorrow or of a date such as 2027-01-31' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s y -l yes -d 'Do it without being asked'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "backup" -d 'Back up an SQLite database while a server uses it'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "restore" -d 'Restore an SQLite database from a backup'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "new-epoch" -d 'Stop trusting what the database says about hosts'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "copy" -d 'Copy everything in a database into an empty one, and check it'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "compare" -d 'Compare everything that two databases hold'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "check" -d 'Check a database for damage'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "migrate" -d 'Bring a database\'s schema up to date'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and not __fish_seen_subcommand_from backup restore new-epoch copy compare check migrate accept-clock" -f -a "accept-clock" -d 'Confirm the clock after a jump'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l force -d 'Replace the file if it exists'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from new-epoch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l dry-run -d 'Show what would be copied and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l keep-epoch -d 'Keep the epoch of FROM, if no server will use FROM again'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from compare" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l dry-run -d 'Say what would be done and change nothing'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s y -l yes -d 'Skip confirmation'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand database; and __fish_seen_subcommand_from accept-clock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -f -a "sync" -d 'Sync one Mac that does not exist, as Santa would'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -f -a "conformance" -d 'Judge any Santa sync server by what the protocol asks of it'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and not __fish_seen_subcommand_from sync conformance fleet" -f -a "fleet" -d 'Let a fleet of Macs that do not exist sync with any Santa sync server, and measure it'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l state -d 'Keep the Mac in this file, which is made if there is none' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l machine-id -d 'Its machine id' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l serial -d 'Its serial number' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l hostname -d 'Its host name' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l user -d 'The person it belongs to' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l group -d 'A group of that person; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l generation -d 'The client that it is: a version of Santa, such as 2024.6, pedro, or rednose for an old pedro' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l santa-version -d 'The version that it says it has, if that is to be a lie' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l mode -d 'The mode that it is in until the server sets one' -r -f -a "monitor\t''
lockdown\t''
standalone\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l secret -d 'Send this secret as Authorization: Bearer' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l encoding -d 'How it compresses requests; zlib is what clients up to 2023.3 may call deflate' -r -f -a "deflate\t''
gzip\t''
none\t''
zlib\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l wire -d 'How it writes messages; protobuf from 2024.6 on' -r -f -a "json\t''
protobuf\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l events -d 'Report the events of this file too: a JSON list, as on the wire' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l fault -d 'Simulate a fault on the way: cut-page=N, delay=SECONDS, strip-encoding, falsify-encoding, decompress or change-url; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l ca -d 'Trust only the CAs in this PEM file, as with ServerAuthRootsFile' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l client-cert -d 'Show the server the client certificate in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l client-key -d 'The client certificate\'s private key, PEM without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l for -d 'End after this time, such as 90s or 1h' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l syncs -d 'End after so many syncs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l clean -d 'Want a clean sync'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l clean-all -d 'Want a clean sync that deletes a compiler\'s rules, too'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l no-backoff -d 'Do not wait before trying again'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l rule-only -d 'Download rules and do nothing else, as after a push'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l daemon -d 'Go on syncing until Ctrl-C'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l hook -d 'Let an administrator\'s part be done by a command; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l only -d 'Run only cases whose name contains this; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l encoding -d 'Send bodies in this encoding: deflate, gzip or none [default: the first the server accepts]' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l header -d 'Send this header with every request; may be given several times' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l secret -d 'Send this secret as Authorization: Bearer' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l timeout -d 'Wait this many seconds for an answer, as clients do' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l prefix -d 'Begin the machine ids of the hosts with this, rather than with something made up' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l ca -d 'Trust only the CAs in this PEM file, as with ServerAuthRootsFile' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l client-cert -d 'Show the server the client certificate in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l client-key -d 'The client certificate\'s private key, PEM without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l list -d 'List the cases and ask no server'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from conformance" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l hosts -d 'How many Macs there are' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l interval -d 'How often each of them syncs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l for -d 'How long they go on coming' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l arrivals -d 'How they are spread over the interval' -r -f -a "spread\t'Evenly over the interval'
phase\t'All at once, every interval'"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l connections -d 'Let so many sync at a time, each on a connection' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l timeout -d 'Wait this many seconds for an answer, as clients do' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l generation -d 'Versions of Santa and their shares, as in 2026.7=80,2025.1=20' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l wire -d 'How they write messages; protobuf from 2024.6 on' -r -f -a "json\t''
protobuf\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l encoding -d 'How they compress requests; before 2023.4, always with deflate' -r -f -a "deflate\t''
gzip\t''
none\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l secret -d 'Send this secret as Authorization: Bearer' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l clean -d 'Want a clean sync in this share of syncs, as in 1%' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l events -d 'Report so many events in a sync, on average' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l batch -d 'Send so many events at once, where the server does not say' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l seed -d 'Make up other Macs' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l ca -d 'Trust only the CAs in this PEM file, as with ServerAuthRootsFile' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l client-cert -d 'Show the server the client certificate in this PEM file' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l client-key -d 'The client certificate\'s private key, PEM without a password' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l change-hook -d 'Run this command every so often: it has the number of the change in NICELIST_CHANGE' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l change-every -d 'How often that is' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l verify -d 'Which Macs are checked, of those that have synced' -r -f -a "sample\t'As many as --sample says'
all\t'All'
none\t'None'"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l sample -d 'How many are a sample' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l warm-up -d 'Let every Mac sync once before that, as fast as the server answers'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l no-keep-alive -d 'Open a connection for each sync, as Macs do, rather than let them take turns on one'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand lab; and __fish_seen_subcommand_from fleet" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -s h -l help -d 'Print help'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -f -a "list" -d 'List every setting, its value, and where that comes from'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -f -a "get" -d 'Print the value of one setting; secrets are redacted'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -f -a "set" -d 'Give a setting a value in the user\'s configuration file'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -f -a "unset" -d 'Remove a setting from the user\'s configuration file'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -f -a "path" -d 'Print where the user\'s configuration file is, or would be'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and not __fish_seen_subcommand_from list get set unset path init" -f -a "init" -d 'Make a configuration file that explains every setting'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from unset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l print -d 'Print the file and make none'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l server -d 'Talk to the server at this address' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l token -d 'Show the server this token' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l ca -d 'Trust only the CAs in this PEM file for the server\'s certificate' -r -F
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l context -d 'Use this context of the configuration file' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l database -d 'Work on a database without a server: sqlite:PATH or postgres://USER@HOST/NAME' -r
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s o -l output -d 'Write table, json, jsonl, csv or tsv' -r -f -a "table\t''
json\t''
jsonl\t''
csv\t''
tsv\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -l raw -d 'Write cells of CSV and TSV as they are, even if a spreadsheet would run them as formulas'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s q -l quiet -d 'Write data and errors only'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s v -l verbose -d 'Log what happens inside; twice for more'
complete -c nicelist -n "__fish_nicelist_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
