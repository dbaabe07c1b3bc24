#!/usr/bin/env bash
# A step of action.yml: the answer on the pull request, or why there is none.
set -euo pipefail
given=(--path "$COMMENT")
[ "$SUGGEST" != true ] || given+=(--suggest "$PATCH")
if [ -n "$ERROR" ]; then # what was suggested before is withdrawn
  given=(--failure "$ERROR")
  while IFS= read -r plan; do
    [ -z "$plan" ] || given+=(--plan "$plan")
  done <<<"$PLANS"
fi
[ -z "$TARGET" ] || given+=(--target "$TARGET")
# the step before has written the summary: what cannot be commented need not stand there twice
GITHUB_STEP_SUMMARY='' "$RUNNER_TEMP/tfopt/venv/bin/tfopt" comment github "${given[@]}" --behavior "$BEHAVIOR"
