# zsh -f complete.zsh SCRIPT LINE: what SCRIPT offers at the end of LINE, one a line. A zsh of its own on a pseudo-terminal
# gets LINE and a Tab; a wrapped compadd writes down what it is given as matches.
zmodload zsh/zpty
export MATCHES=$(mktemp)
zpty shell zsh -f -i
zpty -w shell 'PS1= PS2=; stty -echo; autoload -Uz compinit; compinit -D -u'
if [[ ${1:t} == _* ]]; then
  zpty -w shell "fpath=(${1:h} \$fpath); autoload -Uz ${1:t}; compdef ${1:t} start-katran"
else
  zpty -w shell "source $1"
fi
zpty -w shell 'LISTMAX=10000; COLUMNS=200; LINES=200
compadd() {
  local -a matches
  if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
    builtin compadd -O matches "$@"
    print -rl -- $matches >>$MATCHES
  fi
  builtin compadd "$@"
}
done-widget() { print "<DONE>" }; zle -N done-widget; bindkey "^T" done-widget; bindkey "^I" complete-word; print "<READ""Y>"'
zpty -r shell ignored '*<READY>*'
zpty -w -n shell "$2"$'\t\C-T'
zpty -r shell ignored '*<DONE>*'
zpty -d shell
sort -u $MATCHES | grep .
rm -f $MATCHES
