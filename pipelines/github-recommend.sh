#!/usr/bin/env bash
# The middle step of action.yml: one run, three files, and the step summary. It always passes; the
# last step hands on the exit code, after the comment was written.
# Inputs come in the environment, never in the text of a script: a branch's name is not code.
set -euo pipefail
work=$(mktemp -d "$RUNNER_TEMP/tfopt-XXXXXX") # a job may run the action on several folders

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

code=0
"$RUNNER_TEMP/tfopt/venv/bin/tfopt" recommend --format github-comment --out "$work/comment.md" \
  --save "json=$work/tfopt.json" --save "diff=$work/tfopt.patch" \
  --save "github-annotations=$work/annotations.txt" \
  --fail-on "${FAIL_ON:-none}" "${arguments[@]}" 2>"$work/error.txt" || code=$?
cat "$work/error.txt" >&2
if [ "$code" -eq 1 ]; then
  echo "error=$work/error.txt" >>"$GITHUB_OUTPUT"
  {
    printf '### tfopt could not answer\n\n'
    sed 's/^/    /' "$work/error.txt" # a block of code, whatever stands in it
  } >>"$GITHUB_STEP_SUMMARY"
else
  cat "$work/annotations.txt" # beside the lines of the pull request
  cat "$work/comment.md" >>"$GITHUB_STEP_SUMMARY" # a comment is within its limit
fi
{
  echo "comment=$work/comment.md"
  echo "json=$work/tfopt.json"
  echo "patch=$work/tfopt.patch"
  echo "found=$([ "$code" -eq 2 ] && echo true || echo false)"
  echo "code=$code"
} >>"$GITHUB_OUTPUT"
