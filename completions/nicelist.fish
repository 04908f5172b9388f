complete --keep-order --exclusive --command nicelist --arguments "(NICELIST_COMPLETE=fish nicelist -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
