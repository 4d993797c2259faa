# bash completion of tsc-pod: . <(tsc-pod completion bash)

_tsc_pod() {
  local program=${COMP_WORDS[0]/#\~/$HOME} rest=${COMP_LINE:0:COMP_POINT} kept='' word space answer index
  local -a words=()
  [[ $program == */* ]] || program=tsc-pod # what an alias stands for
  # bash cuts words at COMP_WORDBREAKS (: = @): what has no space between is one word, of which it completes the end.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    space=${rest%%[![:space:]]*}
    rest=${rest#"$space"}
    word=$rest
    if ((index < COMP_CWORD)); then word=${COMP_WORDS[index]}; fi
    rest=${rest#"$word"}
    if [[ -n $space || $index -eq 0 ]]; then
      kept=
      words+=("$word")
    else
      kept=${words[-1]}
      [[ $word != [:=@]* ]] || kept+=$word
      words[-1]+=$word
    fi
  done
  mapfile -t COMPREPLY < <("$program" __complete "${words[@]:1}" 2>/dev/null)
  ((${#COMPREPLY[@]} > 0)) || return
  answer=${COMPREPLY[-1]#:}
  unset 'COMPREPLY[-1]'
  COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
  COMPREPLY=("${COMPREPLY[@]#"$kept"}")
  ((answer & 2)) && compopt -o nospace
  ((answer & 4)) && compopt +o default
  return 0
}
complete -o default -F _tsc_pod tsc-pod
