
set edit:completion:arg-completer[nicelist] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) NICELIST_COMPLETE="elvish" nicelist -- $@words) | to-lines
}

