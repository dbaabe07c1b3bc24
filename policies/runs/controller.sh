#!/bin/sh
# The exact commands behind policies/trained/controller and the experiments beside it: rivals,
# ablations, and training on five kinds of demand to be tested on the sixth; then the table.
# $1: folder with traces.json and the traces it lists. The controller takes a minute a seed on two
# cores, everything about three quarters of an hour.
set -eu
traces=${1:?folder of traces}
cd "$(dirname "$0")/../.."
to=policies/experiments
train() { tfopt train --traces "$traces" --quiet "$@"; }
train --algo pathwise --seeds 10 --resume --out policies/trained/controller
for part in forecast residual price; do
    train --algo pathwise --seeds 3 --without $part --out $to/without-$part
done
for kind in steady diurnal bursty flash trend step; do
    train --algo pathwise --steps 12000000 --without $kind --without traces --out $to/shift-$kind
done
train --algo ppo --seeds 3 --steps 4000000 --out $to/ppo
train --algo clone --seeds 3 --out $to/clone
train --algo sb3-ppo --seeds 3 --steps 1000000 --tune 3 --out $to/sb3-ppo
train --algo sb3-dqn --seeds 3 --steps 300000 --tune 3 --out $to/sb3-dqn
train --algo sb3-sac --seeds 3 --steps 100000 --tune 3 --out $to/sb3-sac
tfopt evaluate --only controller --traces "$traces" --experiments $to --days 16 \
    --out policies/README.md
