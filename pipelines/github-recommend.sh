#!/usr/bin/env bash
# The middle step of action.yml: one run, three files, and the step summary.
# Inputs come in the environment, never in the text of a script: a branch's name is not code.
set -euo pipefail
work=$RUNNER_TEMP/tfopt

arguments=()
lines() { # lines TEXT [OPTION]: each line that is not empty, after OPTION where one is given
  while IFS= read -r line; do
    [ -z "$line" ] || arguments+=(${2:+"$2"} "$line")
  done <<<"$1"
}
lines "${CONFIG_DIR:-}" --config-dir
lines "${WORKLOADS:-}" --workloads
lines "${VAR_FILES:-}" --var-file
lines "${OPTIONS:-}"
arguments+=(--)
lines "$PLANS"

found=false
"$work/venv/bin/tfopt" recommend --format github-comment --out "$work/comment.md" \
  --save "json=$work/tfopt.json" --save "diff=$work/tfopt.patch" \
  --fail-on "${FAIL_ON:-none}" "${arguments[@]}" || {
  code=$?
  [ "$code" -eq 2 ] || exit "$code"
  found=true
}
cat "$work/comment.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}" # a comment is within its limit
{
  echo "comment=$work/comment.md"
  echo "json=$work/tfopt.json"
  echo "patch=$work/tfopt.patch"
  echo "found=$found"
} >>"${GITHUB_OUTPUT:-/dev/null}"
