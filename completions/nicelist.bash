# Completions of nicelist for bash. The installed nicelist proposes the words.
_nicelist() {
    # Bash splits words at : and =. Parts without a space between them are joined again.
    local rest="${COMP_LINE:0:COMP_POINT}" next part i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        next="${rest#"${rest%%[![:space:]]*}"}"
        part="${COMP_WORDS[i]}"
        ((i == COMP_CWORD)) && part="$next"
        if ((i > 0)) && [[ "$next" == "$rest" ]]; then
            words[${#words[@]} - 1]+="$part"
        else
            words+=("$part")
        fi
        rest="${next#"$part"}"
    done
    # Bash replaces only the part after the last : or =, unless the word is in quotes.
    local last=$((${#words[@]} - 1)) breaks="${COMP_WORDBREAKS//[^:=]/}" kept='' quoted=''
    case "${words[last]}" in
        [\'\"]*) words[last]="${words[last]:1}" quoted=1 ;;
        *) [[ -n "$breaks" ]] && kept="${words[last]%"${words[last]##*[$breaks]}"}" ;;
    esac
    COMPREPLY=()
    local reply
    while IFS= read -r reply; do
        reply="${reply#"$kept"}"
        [[ -n "$quoted" || "$reply" == '~'* ]] || printf -v reply '%q' "$reply"
        COMPREPLY+=("$reply")
    done < <(NICELIST_COMPLETE=bash nicelist -- "${words[@]}" 2>/dev/null)
    if ((${#COMPREPLY[@]} == 1)) && [[ "${COMPREPLY[0]}" == *[:=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
# The order is the program's, such as the newest revision first. Older versions of bash sort.
complete -o bashdefault -o nosort -F _nicelist nicelist 2>/dev/null ||
    complete -o bashdefault -F _nicelist nicelist
