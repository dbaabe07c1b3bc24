#!/bin/sh
# The exact commands behind policies/trained/planner and the table in policies/README.md.
# $1: folder with traces.json and the traces it lists. Under ten minutes, then about five.
set -eu
traces=${1:?folder of traces}
cd "$(dirname "$0")/../.."
tfopt train --traces "$traces" --out policies/trained/planner --seed 0 --episodes 2000 --epochs 40
tfopt evaluate --traces "$traces" --policy planner --out policies/README.md \
    --write-card --seed 0
