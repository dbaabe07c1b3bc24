#!/bin/sh
# The exact commands behind policies/trained/planner and the table in policies/README.md.
# $1: folder with traces.json and the traces it lists. About ten minutes on two cores, then about five.
# Ten seeds on the same episodes: add --seeds 10 to the first; an ablation: --without forecast (or
# price, or a kind of demand) and another --out.
set -eu
traces=${1:?folder of traces}
cd "$(dirname "$0")/../.."
tfopt train --traces "$traces" --out policies/trained/planner --seed 0 --episodes 2400 --epochs 16 \
    --workers 2
tfopt evaluate --traces "$traces" --policy planner --out policies/README.md \
    --plots policies/plots --write-card --seed 0
