#compdef tsc-pod
# zsh completion of tsc-pod: . <(tsc-pod completion zsh), or kept as _tsc-pod in a folder of $fpath

_tsc-pod() {
  local program=${~words[1]} answer
  local -a lines shown
  [[ $program == */* ]] || program=tsc-pod # what an alias stands for
  lines=("${(@f)$("$program" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  answer=${lines[-1]#:}
  lines[-1]=()
  if (( $#lines )); then
    shown=("${(@)lines/$'\t'/  -- }")
    lines=("${(@)lines%%$'\t'*}")
    if (( answer & 2 )); then compadd -S '' -l -d shown -a lines; else compadd -l -d shown -a lines; fi
  elif [[ -n $answer ]] && ! (( answer & 4 )); then
    compset -P '*='
    _files
  fi
}

if [[ $funcstack[1] == _tsc-pod ]]; then _tsc-pod "$@"; else compdef _tsc-pod tsc-pod; fi
