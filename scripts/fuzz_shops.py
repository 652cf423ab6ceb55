"""Take many tiny shops of any damage through doctor, fit, recommend, similar, export, save and load.

python scripts/fuzz_shops.py --shops 10000 --seed 1      the same shops every time
python scripts/fuzz_shops.py --shops 1000 --seed 7 --all  go on after a fault, and count them

Each is fitted and answers, or is refused in one line before it is trained: `tests/tiny_shops.py` says what is drawn
and what must hold. Exit code 1 where one does neither; the smallest such shop that was found is printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from pathlib import Path

import hypothesis

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.tiny_shops import TinyShop, check_shop, tiny_shops  # noqa: E402 - the checkout must be found first


def main() -> None:
    """Draw the shops and say how far they came."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shops", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="go on after a fault; count faults by their last line")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    came, faults = Counter[str](), Counter[str]()

    @hypothesis.seed(options.seed)
    @hypothesis.settings(
        max_examples=options.shops,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate] if options.all else [hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(tiny_shops())
    def every_shop(shop: TinyShop) -> None:
        with tempfile.TemporaryDirectory(prefix="graphrec-shop-") as folder:
            try:
                came[check_shop(shop, Path(folder))] += 1
            except Exception as error:
                if not options.all:
                    raise
                name = f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
                if name not in faults:
                    print(shop, *traceback.format_exc().splitlines()[-9:], sep="\n", flush=True)
                faults[name] += 1

    try:
        every_shop()
    finally:
        print(dict(came), dict(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
