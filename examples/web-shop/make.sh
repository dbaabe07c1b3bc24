#!/usr/bin/env bash
# Makes plan.json again with the real terraform: run it after any change of the sources.
#
#   examples/web-shop/make.sh
#
# No AWS account is needed. The provider comes from the registry, or from wherever
# TF_CLI_CONFIG_FILE says. Nothing is stripped from the plan: the `timestamp` differs from run to run.
set -euo pipefail
cd "$(dirname "$0")"
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1

terraform fmt -recursive -check
terraform init -input=false -no-color >/dev/null
terraform plan -input=false -no-color -out tf.plan >/dev/null
terraform show -json tf.plan >plan.json
echo "plan.json: $(wc -c <plan.json) bytes"
