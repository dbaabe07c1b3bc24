#!/bin/sh
# The exact commands behind policies/trained/planner and the table in policies/README.md.
# $1: folder with traces.json and the traces it lists. About ten minutes, then about ten more.
set -eu
traces=${1:?folder of traces}
cd "$(dirname "$0")/../.."
tfopt train --traces "$traces" --out policies/trained/planner --seed 0 --episodes 2000 --epochs 40
tfopt evaluate --traces "$traces" --policy planner --out policies/README.md \
    --scores policies/runs/planner-scores.csv --write-card --seed 0
