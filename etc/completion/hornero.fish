# fish completion for hornero(1). `hornero complete` knows the candidates; this hands them on.

function __hornero_complete
    set -l found (hornero complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
    if test "$found" = '<FILE>'
        __fish_complete_path (commandline -ct)
    else
        string join -- \n $found
    end
end
complete -c hornero -f -a '(__hornero_complete)'
