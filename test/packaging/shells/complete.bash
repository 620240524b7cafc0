# bash complete.bash SCRIPT WORD… : what SCRIPT offers for the last word, one a line. The words are as readline cuts them.
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p start-katran | sed 's/.*-F \([^ ]*\) .*/\1/')
printf '%s\n' "${COMPREPLY[@]}"
