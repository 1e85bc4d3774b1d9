// Both scripts call `ocmesh complete` by name: `ocmesh` may be a program or a shell function. They pass on what is typed
// as it is and never evaluate it. Sourcing them twice does no harm.

/** Does not need the bash-completion package. */
const bash = `# bash completion for ocmesh
_ocmesh() {
    local word rest
    COMPREPLY=()
    while IFS=$'\\t' read -r word rest; do
        [[ $word == :* ]] || COMPREPLY+=("$word")
    done < <(ocmesh complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _ocmesh ocmesh
`;

const zsh = `#compdef ocmesh
# zsh completion for ocmesh
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_ocmesh() {
    local -a offered
    local line
    for line in "\${(@f)$(ocmesh complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -z $line || $line == :* ]] || offered+=("\${\${line//:/\\\\:}/$'\\t'/:}")
    done
    _describe ocmesh offered || _files
}
# When sourced, register the function; from $fpath, zsh expects it to complete at once.
if [[ $funcstack[1] == _ocmesh ]]; then _ocmesh "$@"; else compdef _ocmesh ocmesh; fi
`;

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh };
