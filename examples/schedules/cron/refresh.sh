#!/bin/sh
# Runs augmill for cron, which knows no exit codes: tries again later where that can help, and
# otherwise prints what to do, which cron mails to MAILTO.
#
#   refresh.sh RECIPE [OPTION]...
#
# AUGMILL        the program (augmill)
# AUGMILL_TRIES  how often it is tried at the most (12)
# AUGMILL_WAIT   seconds between two tries (600)
set -u

tries=${AUGMILL_TRIES:-12}
try=1
while :; do
    "${AUGMILL:-augmill}" run "$@"
    code=$?
    [ "$code" -eq 75 ] && [ "$try" -lt "$tries" ] || break
    sleep "${AUGMILL_WAIT:-600}"
    try=$((try + 1))
done

case $code in
0) exit 0 ;;
64 | 78) advice="correct the command or the recipe" ;;
65) advice="look at the input and at the rejects" ;;
66) advice="the input is not there: see what should have brought it" ;;
74) advice="see to the disk; what is finished is kept" ;;
75) advice="tried $try times: see what holds the output or changes the input" ;;
*) advice="see the log" ;;
esac
echo "augmill run $1: exit code $code; $advice. Readers still have the last version."
exit "$code"
