# fish complete.fish SCRIPT LINE: what SCRIPT offers at the end of LINE, one a line, each with its description after a tab.
source $argv[1]
complete -C $argv[2]
