#compdef nicelist
# Completions of nicelist for zsh. The installed nicelist proposes the words.
_nicelist() {
    local line value
    local -a whole whole_texts open open_texts
    for line in "${(@f)$(NICELIST_COMPLETE=zsh nicelist -- "${(@Q)words[1,CURRENT]}" 2>/dev/null)}"; do
        value="${line%%$'\t'*}"
        [[ -n "$value" ]] || continue
        if [[ "$value" == *[:=/] ]]; then
            open+=("$value")
            open_texts+=("${line/$'\t'/  }")
        else
            whole+=("$value")
            whole_texts+=("${line/$'\t'/  }")
        fi
    done
    (($#whole)) && compadd -l -V values -d whole_texts -- "${whole[@]}"
    # The word continues after : and = and /, so no space follows.
    (($#open)) && compadd -l -V open -S '' -d open_texts -- "${open[@]}"
}

if [[ "${funcstack[1]}" == _nicelist ]]; then
    _nicelist "$@"
else
    compdef _nicelist nicelist
fi
