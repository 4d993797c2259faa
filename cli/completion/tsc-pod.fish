# fish completion of tsc-pod: tsc-pod completion fish | source

function __tsc_pod_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l program tsc-pod # what an alias stands for
    string match -q '*/*' -- $words[1]; and set program $words[1]
    set -l lines ($program __complete $words[2..-1] "$typed" 2>/dev/null)
    if test "$lines" = ':0'
        __fish_complete_path "$typed"
    else if set -q lines[2]
        printf '%s\n' $lines[1..-2]
    end
end
complete -c tsc-pod -f -a '(__tsc_pod_complete)'
