"""An exported file is whole, whoever else exports to it."""

import errno
import os
import threading

import pandas as pd
import pytest

from graphrec.errors import GraphrecError
from graphrec.serving import write_table

READERS = {
    ".csv": pd.read_csv,
    ".parquet": pd.read_parquet,
    ".jsonl": lambda file: pd.read_json(file, lines=True),
}


def lists(number: int) -> pd.DataFrame:
    return pd.DataFrame({"item": range(20_000), "export": number})


@pytest.mark.parametrize("ending", READERS)
def test_of_many_exports_to_one_file_one_wins_whole(tmp_path, ending):
    file = tmp_path / f"lists{ending}"
    exports = [threading.Thread(target=write_table, args=(lists(number), file)) for number in range(6)]
    for export in exports:
        export.start()
    for export in exports:
        export.join()
    written = READERS[ending](file)
    assert len(written) == 20_000
    assert written["export"].nunique() == 1
    assert [left.name for left in tmp_path.iterdir()] == [file.name]


def test_a_full_disk_is_told_in_one_line_and_the_old_file_stays(tmp_path, monkeypatch):
    file = tmp_path / "lists.csv"
    write_table(lists(1), file)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(GraphrecError, match=r"cannot write .*: No space left on device; give --out"):
        write_table(lists(2), file)
    assert pd.read_csv(file)["export"].unique() == [1]
    assert [left.name for left in tmp_path.iterdir()] == ["lists.csv"]
