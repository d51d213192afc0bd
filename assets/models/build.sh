#!/bin/sh
# Makes the models in the box again, one after the other: sh assets/models/build.sh [id ...]
# About an hour and three quarters on one core; each command is also recorded in the model's meta.json and card.md.
# The same machine gives the same weights; another CPU rounds differently and gives others that are as good.
set -eu
cd "$(dirname "$0")/../.."
PYTHON="${PYTHON:-.venv/bin/python}"
IDS="${*:-stories masked copy arithmetic positions-none positions-sinusoidal positions-learned positions-rope positions-alibi}"

train() {
    "$PYTHON" -m llm train --dtype float16 --log-every 10 "$@"
    for out; do :; done  # the last word is the folder; what only a run needs does not go into the box
    (cd "$out" && rm -rf spec.json output.json status.json worker.lock samples.jsonl changes.jsonl state-* && rmdir snapshots 2> /dev/null) || :
}

stories() {
    train --corpus stories --size 10000000 --vocab 1024 --layers 4 --heads 4 --width 128 --context 128 \
        --position learned --activation gelu --tie --no-zero-init --no-embedding-norm --embedding-std 0.05 \
        --steps 18000 --batch 16 --lr 0.005 --muon-lr 0.02 --weight-decay 0 --warmup 20 --grad-clip 1 --average 0 \
        --document-starts 0.6 \
        --eval-every 300 --snapshots 12 --title Stories \
        --summary "Writes short children's stories: about 1 million parameters, 1,024 tokens" \
        --default-text "The little dog was very" \
        --sample "The little dog was very" --sample "Once upon a time" --sample "One day, Lily" \
        --about assets/models/about/stories.md --out assets/models/stories
}

masked() {
    train --corpus stories --size 10000000 --vocab 1025 --objective masked_tokens --layers 4 --heads 4 --width 128 --context 128 \
        --position rope --activation gelu --tie --no-zero-init --no-embedding-norm --embedding-std 0.05 \
        --steps 9000 --batch 16 --lr 0.005 --muon-lr 0.02 --weight-decay 0 --warmup 20 --grad-clip 1 --average 0 \
        --document-starts 0.6 --short-windows 0.5 \
        --eval-every 300 --title Masked \
        --summary "Fills blanks in children's stories from both sides: about 1 million parameters, 1,025 tokens" \
        --default-text "The little dog was sad because it lost the red ball." \
        --sample "The little dog was ___ because it lost the red ball." --sample "Once upon a ___, there was a little fox." \
        --sample "Lily was hungry, so ___ ate a sandwich." --sample '"Thank you!" ___ the rabbit.' \
        --about assets/models/about/masked.md --out assets/models/masked
}

copy() {
    train --corpus copy --size 6000000 --layers 2 --heads 4 --width 64 --mlp-width 1 --context 64 --position alibi \
        --steps 2500 --batch 32 --lr 0.024 --muon-lr 0.02 --seed 1 --average 0 --document-starts 0.5 --title Copy \
        --summary "Repeats a row of words: two layers, with the heads that copying needs" \
        --default-text "moon cup tree fish lamp road key star moon cup tree fish lamp" \
        --sample "moon cup tree fish lamp road key star moon cup" --sample-temperature 0 \
        --about assets/models/about/copy.md --out assets/models/copy
}

arithmetic() {
    train --corpus arithmetic --layers 2 --heads 4 --width 64 --context 40 --recipe textbook --no-tie --optimizer muon \
        --schedule cosine --steps 1600 --batch 32 --lr 0.01 --muon-lr 0.02 --precision auto --document-starts 1 --title Arithmetic \
        --summary "Adds two numbers below 100, also pairs that it has never seen; units first" \
        --default-text "27+58=" --sample "27+58=" --sample "99+01=" --sample "40+07=" --sample-temperature 0 \
        --about assets/models/about/arithmetic.md --out assets/models/arithmetic
}

positions() {
    train --corpus stories --size 2000000 --vocab 512 --recipe textbook --layers 2 --heads 4 --width 64 --context 64 \
        --position "$1" --optimizer muon --lr 0.02 --muon-lr 0.03 --precision auto --steps 1500 --batch 16 \
        --document-starts 0.25 --title "Positions: $1" --summary "The same tiny model five times; here: $2" \
        --default-text "The little dog was very" --sample "The little dog was very" \
        --about assets/models/about/positions.md --out "assets/models/positions-$1"
}

for id in $IDS; do
    case "$id" in
        positions-none) positions none "no positions at all" ;;
        positions-sinusoidal) positions sinusoidal "sine and cosine waves" ;;
        positions-learned) positions learned "a learned vector for each position" ;;
        positions-rope) positions rope "queries and keys turned by their position (RoPE)" ;;
        positions-alibi) positions alibi "attention falls with distance (ALiBi)" ;;
        *) "$id" ;;
    esac
done
